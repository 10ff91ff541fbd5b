package apisix

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// rewrite is proxy-rewrite: the target for the upstream, its Host header, and the request's headers.
func (x *exchange) rewrite(p *conf.ProxyRewrite) bool {
	if p.Host != "" {
		x.host = p.Host
	}
	if !x.retarget(p) {
		return true
	}
	if p.Headers != nil {
		x.changeHeaders(p.Headers)
	}
	return false
}

// changeHeaders is what proxy-rewrite does to the request's headers. It cannot set Host: the upstream gets $upstream_host.
func (x *exchange) changeHeaders(h *conf.RequestHeaders) {
	for _, name := range slices.Sorted(maps.Keys(h.Add)) {
		x.headers = addHeader(x.headers, name, x.values(h.Add[name])...)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		values := x.values(h.Set[name])
		if len(values) == 1 { // to set an empty value is to remove the header, to add one adds it
			values = notEmpty(values[0])
		}
		x.headers = setHeader(x.headers, name, values...)
	}
	for _, name := range h.Remove {
		x.headers = setHeader(x.headers, name)
	}
	x.headers = setHeader(x.headers, "host")
}

// values are the interpolated values of a header: one, or a list of them.
func (x *exchange) values(v any) []string {
	var out []string
	switch v := v.(type) {
	case []string:
		for _, one := range v {
			out = append(out, x.interpolate(x.insertCaptures(one)))
		}
	case []any:
		for _, one := range v {
			out = append(out, x.interpolate(x.insertCaptures(fmt.Sprint(one))))
		}
	default:
		out = append(out, x.interpolate(x.insertCaptures(fmt.Sprint(v))))
	}
	return out
}

var captureReference = regexp.MustCompile(`\$\{?([0-9]+)\}?`)

// insertCaptures replaces $1 and ${1} by the captures of regex_uri, unless a backslash stands before them; those that
// there are not become nothing.
func (x *exchange) insertCaptures(s string) string {
	var b strings.Builder
	for last := 0; ; {
		at := captureReference.FindStringSubmatchIndex(s[last:])
		if at == nil {
			return b.String() + s[last:]
		}
		start, end := last+at[0], last+at[1]
		b.WriteString(s[last:start])
		if start > 0 && s[start-1] == '\\' {
			b.WriteString(s[start:end])
		} else if n, err := strconv.Atoi(s[last+at[2] : last+at[3]]); err == nil && n < len(x.captures) {
			b.WriteString(x.captures[n])
		}
		last = end
	}
}

// retarget sets the target for the upstream. It is false when the plugin has answered by itself, as it does when a
// pattern cannot be evaluated.
func (x *exchange) retarget(p *conf.ProxyRewrite) bool {
	target, query := x.uri, ""
	if p.UseRealRequestURI {
		target = x.Target
		if i := strings.IndexByte(target, '?'); i >= 0 {
			query = target[i:]
		}
	}
	splits := false // a "?" in the target begins a query
	switch {
	case p.URI != "":
		splits = true
		target = x.interpolateWith(p.URI, func(s string) string { return strings.ReplaceAll(s, "?", "%3F") })
		if query != "" && strings.Contains(target, "?") {
			target += "&" + query[1:]
		} else {
			target += query
		}
	case len(p.RegexURI) > 0:
		splits = !strings.Contains(target, "?")
		for i := 0; i+1 < len(p.RegexURI); i += 2 {
			re := compilePattern(p.RegexURI[i], false)
			if re.re == nil {
				x.out = model.Outcome{Kind: model.Undecided, Reason: "proxy-rewrite: the pattern " + strconv.Quote(p.RegexURI[i])}
				return false
			}
			if match := re.re.FindStringSubmatchIndex(target); match != nil {
				x.captures = re.re.FindStringSubmatch(target)
				target = target[:match[0]] + expand(p.RegexURI[i+1], x.captures) + target[match[1]:]
				break
			}
		}
	}
	if p.UseRealRequestURI {
		x.target = target
		return true
	}
	x.encode(target, splits)
	return true
}

// encode sets the target to a decoded one, with the request's own arguments.
func (x *exchange) encode(target string, splits bool) {
	i := -1
	if splits {
		i = strings.IndexByte(target, '?')
	}
	separator := "?"
	if i >= 0 {
		target, separator = escapeURI(target[:i])+escapeControls(target[i:]), "&"
	} else {
		target = escapeURI(target)
	}
	x.target, x.rewritten = target, target
	if x.isArgs == "?" {
		x.target += separator + x.args
	}
}

// grpcTarget is the target for upstreams that are called with gRPC. It is not that of proxy-rewrite but nginx's own:
// the uri that the plugin has set, with its escapes and "?" escaped once more, or else the target as the client sent it,
// as where use_real_request_uri_unsafe is set.
func (x *exchange) grpcTarget() string {
	switch {
	case x.rewritten == "":
		return x.Target
	case x.args == "":
		return escapeURI(x.rewritten)
	}
	return escapeURI(x.rewritten) + "?" + x.args
}

var templateReference = regexp.MustCompile(`\$(?:\$|([0-9]+)|\{([0-9]+)\})`)

// expand is a replacement of ngx.re.sub: $1 and ${1} are captures, $$ is a "$".
func expand(template string, captures []string) string {
	return templateReference.ReplaceAllStringFunc(template, func(ref string) string {
		if ref == "$$" {
			return "$"
		}
		if n, err := strconv.Atoi(strings.Trim(ref, "${}")); err == nil && n < len(captures) {
			return captures[n]
		}
		return ""
	})
}

// escapeURI is nginx's escaping of a path.
func escapeURI(s string) string {
	return escape(s, func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"#%<>?\\^`{|}", c) >= 0 })
}

func escapeControls(s string) string {
	return escape(s, func(c byte) bool { return c < ' ' || c == 0x7f })
}

func escape(s string, bad func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if bad(s[i]) {
			fmt.Fprintf(&b, "%%%02X", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
