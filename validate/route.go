package validate

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
)

// route checks what a route matches, and that something comes of it.
func (c *checker) route(x *object) {
	c.each(x, "hosts", x.node.Get("hosts"), hostFlaw)
	c.each(x, "host", x.node.Get("host"), hostFlaw)
	c.each(x, "uris", x.node.Get("uris"), uriFlaw)
	c.each(x, "uri", x.node.Get("uri"), uriFlaw)
	c.answer(x)
}

// each tells of values that can never match, or do not what they look like. If none of a field's can match, the route is
// as good as not there.
func (c *checker) each(x *object, field string, n *standalone.Node, flaw func(string) (string, bool)) {
	values, list := []*standalone.Node{n}, n != nil && n.Kind == standalone.List
	if list {
		values = n.Items
	}
	level := standalone.Error
	for _, v := range values {
		if _, never := flaw(textOf(v)); !never {
			level = standalone.Warning
		}
	}
	for i, v := range values {
		if v == nil || v.Env || v.Kind != standalone.String {
			continue
		}
		at := field
		if list {
			at = fmt.Sprintf("%s[%d]", field, i)
		}
		switch message, never := flaw(v.Text); {
		case message == "":
		case never:
			c.tell(x, level, at, "%.100q never matches: %s", v.Text, message)
		default:
			c.tell(x, standalone.Warning, at, "%.100q: %s", v.Text, message)
		}
	}
}

// hostFlaw is what is wrong with a host of a route, and whether it therefore never matches. The router compares it, in lower
// case, with nginx's $host, which has no port and no dot at the end.
func hostFlaw(host string) (message string, never bool) {
	switch {
	case strings.Contains(host[strings.LastIndexByte(host, ']')+1:], ":"):
		return "hosts are compared without port", true
	case strings.HasSuffix(host, ".") && host != ".":
		return "hosts are compared without the dot at their end", true
	}
	return "", false
}

// uriFlaw is the same for a uri. The router looks at the path after nginx has decoded and normalised it. That nginx makes
// one slash of several is no flaw: it can be told not to.
func uriFlaw(uri string) (message string, never bool) {
	if uri == "" || uri == "*" {
		return "", false
	}
	middle := strings.IndexByte(uri, '*')
	literal := uri
	if middle >= 0 {
		literal = uri[:middle]
	}
	switch {
	case !strings.HasPrefix(uri, "/"):
		return "a path starts with /", true
	case strings.Contains(literal+"/", "/./") && !strings.HasSuffix(literal, "/.") || strings.Contains(literal, "/../"):
		return "nginx resolves dots in the path", true
	case strings.Contains(uri, "?"):
		return "it is compared with the path alone, without the query", false
	case patternRefuses(uri):
		return "as a segment begins with *, the path is compared with all of it once more, as a regular expression", true
	case middle >= 0 && middle < len(uri)-1 && uri[middle-1] == '/':
		return "with a * before its end, what follows that is a regular expression, and * any text", false
	case middle >= 0 && middle < len(uri)-1:
		return "with a * within a segment, what follows that does not count", false
	case strings.Contains(uri, "/:"):
		return "a : has a meaning for the router radixtree_uri_with_parameter only", false
	case escaped(uri):
		return "it is compared with the path after percent-decoding", false
	}
	return "", false
}

// patternRefuses reports whether a path cannot match because of what stands before its first *: APISIX compares that
// literally, and then, if a segment begins with *, as a regular expression with all the rest. Of patterns that Go does not
// know nothing is said.
func patternRefuses(uri string) bool {
	literal, _, _ := strings.Cut(uri, "*")
	if !strings.Contains(uri, "/*") {
		return false
	}
	pattern, err := regexp.Compile(`\A(?:` + literal + `)\z`)
	return err == nil && !pattern.MatchString(literal)
}

// escaped reports whether a path has a percent escape.
func escaped(uri string) bool {
	const digits = "0123456789abcdefABCDEF"
	for i := 0; i+2 < len(uri); i++ {
		if uri[i] == '%' && strings.IndexByte(digits, uri[i+1]) >= 0 && strings.IndexByte(digits, uri[i+2]) >= 0 {
			return true
		}
	}
	return false
}

// silent are plugins that never answer a request that passes them, nor choose where it goes.
var silent = map[string]bool{
	"cors": true, "proxy-rewrite": true, "response-rewrite": true, "gzip": true, "brotli": true, "client-control": true, "proxy-mirror": true,
	"limit-req": true, "limit-count": true, "limit-conn": true, "prometheus": true, "request-id": true, "real-ip": true, "ip-restriction": true,
	"key-auth": true, "basic-auth": true, "jwt-auth": true, "hmac-auth": true, "http-logger": true, "file-logger": true, "zipkin": true,
	"opentelemetry": true, "forward-auth": true, "uri-blocker": true, "api-breaker": true, "proxy-cache": true, "consumer-restriction": true,
}

// answer checks that there is something that answers the requests of a route.
func (c *checker) answer(x *object) {
	if x.dropped || c.hasUpstream(x) || x.node.Get("script") != nil {
		return
	}
	for _, from := range []*object{x, c.find("plugin_configs", x.node.Get("plugin_config_id")), c.find("services", x.node.Get("service_id"))} {
		if from == nil {
			continue
		}
		plugins := from.node.Get("plugins")
		if plugins == nil {
			continue
		}
		if plugins.Kind != standalone.Map || plugins.Env {
			continue
		}
		for _, e := range plugins.Entries {
			if !silent[e.Name()] && !e.Value.Env {
				return
			}
		}
	}
	c.tell(x, standalone.Error, "plugins", "the route has no upstream, and no plugin that answers: requests are answered 503")
}
