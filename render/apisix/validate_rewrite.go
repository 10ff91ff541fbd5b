package apisix

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Patterns of APISIX's schemas.
var (
	rewriteHost = regexp.MustCompile(`^[0-9a-zA-Z-.]+(:\d{1,5})?$`)
	mirrorHost  = regexp.MustCompile(`^(http(s)?|grpc(s)?)://([\da-zA-Z.-]+|\[[\da-fA-F:]+\])(:\d+)?$`)
	addedHeader = regexp.MustCompile(`^[^:]+:[^:]*[^/]$`)
)

// IsRewriteHost reports whether proxy-rewrite takes s for a host.
func IsRewriteHost(s string) bool { return rewriteHost.MatchString(s) }

// IsMirrorHost reports whether proxy-mirror takes s for a host.
func IsMirrorHost(s string) bool { return mirrorHost.MatchString(s) }

func (c *checker) redirect(p *Redirect) {
	const field = "plugins.redirect"
	ways := 0
	for _, there := range []bool{p.URI != "", p.RegexURI != nil, p.HTTPToHTTPS} {
		if there {
			ways++
		}
	}
	if ways != 1 {
		c.add(field, "exactly one of uri, regex_uri and http_to_https must be set")
	}
	if p.HTTPToHTTPS && p.AppendQueryString {
		c.add(field+".append_query_string", "cannot be beside http_to_https")
	}
	if p.URI != "" && len(p.URI) < 2 {
		c.add(field+".uri", "%q has fewer than 2 characters", p.URI)
	}
	if p.RegexURI != nil {
		c.regexURI(field+".regex_uri", p.RegexURI, 1)
	}
	if p.RetCode != 0 && p.RetCode < 200 {
		c.add(field+".ret_code", "is %d, less than 200", p.RetCode)
	}
}

// regexURI checks pairs of a pattern and a replacement, at most so many.
func (c *checker) regexURI(field string, pairs []string, most int) {
	if len(pairs)%2 != 0 || len(pairs) == 0 || len(pairs) > 2*most {
		c.add(field, "has %d elements, not pairs of a pattern and a replacement", len(pairs))
		return
	}
	for i := 1; i < len(pairs); i += 2 {
		if !isTemplate(pairs[i]) {
			c.add(fmt.Sprintf("%s[%d]", field, i), "%q has a $ that is neither $$ nor a capture", pairs[i])
		}
	}
}

// isTemplate reports whether ngx.re.sub takes s as a replacement: every "$" is "$$", "$1" or "${1}".
func isTemplate(s string) bool {
	return !strings.Contains(templateDollars.ReplaceAllString(s, ""), "$")
}

var templateDollars = regexp.MustCompile(`\$(?:\$|[0-9]+|\{[0-9]+\})`)

func (c *checker) proxyRewrite(p *ProxyRewrite) {
	const field = "plugins.proxy-rewrite"
	if reflect.ValueOf(*p).IsZero() {
		c.add(field, "is empty")
	}
	if p.URI != "" && !strings.HasPrefix(p.URI, "/") {
		c.add(field+".uri", "%q does not start with /", p.URI)
	}
	if len(p.URI) > MaxURI {
		c.add(field+".uri", "has more than %d characters", MaxURI)
	}
	if p.RegexURI != nil {
		c.regexURI(field+".regex_uri", p.RegexURI, maxExact)
	}
	if p.Host != "" && !IsRewriteHost(p.Host) {
		c.add(field+".host", "%q is not a host that proxy-rewrite takes", p.Host)
	}
	if h := p.Headers; h != nil {
		if len(h.Add)+len(h.Set)+len(h.Remove) == 0 {
			c.add(field+".headers", "is empty")
		}
		c.headerValues(field+".headers.add", h.Add)
		c.headerValues(field+".headers.set", h.Set)
		c.headerNames(field+".headers.remove", h.Remove)
	}
}

// headerValues checks headers, of each of which there is a value or a list of values.
func (c *checker) headerValues(field string, headers map[string]any) {
	for _, x := range entries(reflect.ValueOf(headers), nil) {
		c.headerName(field, x.key)
		v := x.reflect()
		for v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.Kind() != reflect.String && !isListOf(v, func(v reflect.Value) bool { return v.Kind() == reflect.String }) {
			c.add(field+"."+x.key, "is neither a string nor a list of strings")
		}
	}
}

func (c *checker) headerNames(field string, names []string) {
	for i, name := range names {
		c.headerName(fmt.Sprintf("%s[%d]", field, i), name)
	}
}

func (c *checker) proxyMirror(p *ProxyMirror) {
	const field = "plugins.proxy-mirror"
	if !IsMirrorHost(p.Host) {
		c.add(field+".host", "%q is not a host that proxy-mirror takes", p.Host)
	}
	if p.SampleRatio != 0 && (p.SampleRatio < 1e-5 || p.SampleRatio > 1) {
		c.add(field+".sample_ratio", "is %v, not 0.00001 to 1", p.SampleRatio)
	}
}

func (c *checker) forwardAuth(p *ForwardAuth) {
	const field = "plugins.forward-auth"
	if p.URI == "" {
		c.add(field+".uri", "is empty")
	}
	if p.RequestMethod != "" {
		c.oneOf(field+".request_method", p.RequestMethod, []string{"GET", "POST"})
	}
	if p.Timeout != 0 {
		c.between(field+".timeout", p.Timeout, 1, 60000)
	}
	if p.StatusOnError != 0 {
		c.between(field+".status_on_error", p.StatusOnError, 200, 599)
	}
}

func (c *checker) responseRewrite(p *ResponseRewrite) {
	const field = "plugins.response-rewrite.headers"
	h := p.Headers
	if h == nil {
		return
	}
	for i, header := range h.Add {
		if !IsAddedHeader(header) {
			c.add(fmt.Sprintf("%s.add[%d]", field, i), "%q is not \"name: value\" as APISIX takes it", header)
		}
	}
	for _, x := range entries(reflect.ValueOf(h.Set), nil) {
		c.headerName(field+".set", x.key)
	}
	c.headerNames(field+".remove", h.Remove)
}

// IsAddedHeader reports whether response-rewrite takes s, "name: value", as a header to add: the value must not be empty,
// hold a ":" or end in "/".
func IsAddedHeader(s string) bool {
	return addedHeader.MatchString(s) && !slices.Contains([]byte(s), '\n')
}
