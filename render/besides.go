package render

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// forwardAuthPriority is where forward-auth stands among the plugins that run in one phase.
const forwardAuthPriority = 2002

// actsTooEarly says why a route must not have a plugin of this configuration: it would act, and might answer with what an
// upstream has said, before a plugin that may refuse. All other guards are conditions of routes, which hold before any plugin runs.
func actsTooEarly(route *apisix.Route, conf map[string]any) string {
	if route.Plugins == nil || route.Plugins.ForwardAuth == nil {
		return ""
	}
	if priority, ok := metaOf(conf)["priority"]; ok && number(priority) >= forwardAuthPriority {
		return "its _meta.priority would have it act before the plugin forward-auth, by which requests are refused"
	}
	return ""
}

func number(x any) float64 {
	switch x := x.(type) {
	case int:
		return float64(x)
	case float64:
		return x
	}
	return 0
}

// onAnswers are plugins that act on what a route answers by itself: on the response, or before fault-injection answers.
var onAnswers = append([]string{
	"body-transformer", "brotli", "client-control", "cors", "echo", "error-page", "exit-transformer", "ext-plugin-post-resp", "ext-plugin-pre-req",
	"gzip", "grpc-web", "opentelemetry", "prometheus", "real-ip", "request-id", "response-rewrite", "skywalking", "zipkin",
}, loggers()...)

// loggers are the plugins that write logs.
func loggers() []string {
	return slices.DeleteFunc(slices.Clone(apisix.PluginNames), func(name string) bool {
		return !strings.HasSuffix(name, "-logger") && !strings.HasSuffix(name, "-logging") &&
			!slices.Contains([]string{"datadog", "lago", "loggly", "syslog", "tencent-cloud-cls"}, name)
	})
}

// outrun notes that a route answers by fault-injection before a plugin has its turn.
func (u *userPlugins) outrun(route *apisix.Route, name string, m plugins.Merged) {
	if route.UpstreamID != "" || route.Plugins == nil || route.Plugins.FaultInjection == nil || slices.Contains(onAnswers, name) {
		return
	}
	u.affect(route, m, Approximate, "it may have no effect on "+affectedRoutes+": what answers there (direct_response, or a redirect) does so before most plugins that act on requests")
}

// beside is a user's configuration of a plugin together with the one that the route has; if that cannot be, reason says
// why. What the result says of the user's is what APISIX would take, as far as can be known: else it would leave out the route.
func beside(p *apisix.Plugins, name string, conf map[string]any) (together map[string]any, reason string) {
	switch name {
	case "response-rewrite":
		return mergeRewrite(p.ResponseRewrite, p.ResponseRewrite.Meta, conf, responseParts, readResponseHeaders)
	case "proxy-rewrite":
		own := *p.ProxyRewrite
		if own.URI == "" && own.RegexURI == nil && conf["uri"] != nil {
			own.UseRealRequestURI = false
		}
		return mergeRewrite(&own, own.Meta, conf, requestParts, readRequestHeaders)
	case "traffic-split":
		return nil, "the route has this plugin already: it divides requests among clusters as the mesh says"
	}
	return nil, "the route has this plugin already, as the mesh says"
}

// parts are what of a configuration can stand beside the route's own, and what is wrong with a value of it; "" if nothing.
type parts map[string]func(any) string

var responseParts = parts{
	"headers": anything, "body": isText, "status_code": isBetween(200, 598),
	"body_base64": func(x any) string { return wrongUnless(x == true || x == false, "neither true nor false") },
}

var requestParts = parts{
	"headers": anything, "method": isText,
	"host": func(x any) string {
		s, _ := x.(string)
		return wrongUnless(apisix.IsRewriteHost(s), "no host that APISIX takes")
	},
	"uri": func(x any) string {
		s, _ := x.(string)
		return wrongUnless(strings.HasPrefix(s, "/") && len(s) <= apisix.MaxURI, "no path")
	},
}

func anything(any) string { return "" }

func isText(x any) string {
	_, ok := x.(string)
	return wrongUnless(ok, "no string")
}

func isBetween(low, high int) func(any) string {
	return func(x any) string {
		n, ok := x.(int)
		return wrongUnless(ok && n >= low && n <= high, fmt.Sprintf("not a number from %d to %d", low, high))
	}
}

func wrongUnless(ok bool, what string) string {
	if ok {
		return ""
	}
	return what
}

// mergeRewrite puts a user's part of a plugin that rewrites beside the route's own.
func mergeRewrite(own any, meta *apisix.Meta, conf map[string]any, allowed parts, read headerReader) (map[string]any, string) {
	if meta != nil {
		return nil, "the route has this plugin already, for some of the requests"
	}
	var out map[string]any
	if text, err := json.Marshal(own); err != nil || json.Unmarshal(text, &out) != nil {
		return nil, "the route has this plugin already"
	}
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		check := allowed[key]
		switch {
		case check == nil:
			return nil, fmt.Sprintf("the route has this plugin already, and %s cannot stand beside that", key)
		case check(conf[key]) != "":
			return nil, fmt.Sprintf("the route has this plugin already, and with %s, which is %s, APISIX would leave out the route", key, check(conf[key]))
		case key == "headers":
			headers, reason := mergeHeaders(out["headers"], conf["headers"], read)
			if reason != "" {
				return nil, reason
			}
			out["headers"] = headers
		case out[key] != nil || key == "uri" && out["regex_uri"] != nil:
			return nil, fmt.Sprintf("the route has this plugin already, and sets %s as the mesh says", key)
		default:
			out[key] = conf[key]
		}
	}
	if conf["body_base64"] == true {
		body, _ := conf["body"].(string)
		if _, err := base64.StdEncoding.DecodeString(body); err != nil || body == "" {
			return nil, "the route has this plugin already, and with a body that is not base64 APISIX would leave out the route"
		}
	}
	return out, ""
}

// headerParts are what a plugin does to headers: it adds, then sets, then removes.
type headerParts struct {
	add, set [][2]string // names and values, in the order of names
	remove   []string
	listed   bool // add is a list of "name: value", as response-rewrite has it
}

// mergeHeaders puts a user's header operations after those of the route, in one plugin, which adds, sets and removes in
// this order. Where that would not come to the same as one after the other, reason says so.
func mergeHeaders(own, users any, read headerReader) (map[string]any, string) {
	a, ok := readHeaderParts(own, read)
	b, fine := readHeaderParts(users, read)
	if !ok || !fine {
		return nil, "the route has this plugin already, and with such headers APISIX would leave out the route"
	}
	for _, name := range append(names(a.add, a.set), a.remove...) {
		later := hasName(b.add, name) && (hasName(a.set, name) || hasFold(a.remove, name)) || hasName(b.set, name) && hasFold(a.remove, name)
		if later || mentions(b, name) {
			return nil, fmt.Sprintf("the route has this plugin already, and both deal with the header %q", name)
		}
	}
	a.set = slices.DeleteFunc(a.set, func(h [2]string) bool { return hasName(b.set, h[0]) })
	for _, name := range b.remove {
		if !hasFold(a.remove, name) {
			a.remove = append(a.remove, name)
		}
	}
	a.add, a.set, a.listed = append(a.add, b.add...), append(a.set, b.set...), a.listed || b.listed
	return a.object(), ""
}

// readHeaderParts reads the headers of proxy-rewrite or response-rewrite. Without add, set and remove, they are set.
func readHeaderParts(x any, read headerReader) (o headerParts, ok bool) {
	if x == nil {
		return o, true
	}
	m, ok := x.(map[string]any)
	if !ok || len(m) == 0 {
		return o, false
	}
	if !isTable(m["add"]) && !isTable(m["set"]) && !isTable(m["remove"]) {
		o.set, ok = read.set(m)
		return o, ok
	}
	for key, value := range m {
		switch key {
		case "add":
			o.add, ok = read.add(value)
			o.listed = read.listed
		case "set":
			o.set, ok = read.set(value)
		case "remove":
			o.remove, ok = readNames(value)
		default:
			ok = false
		}
		if !ok {
			return o, false
		}
	}
	return o, true
}

func isTable(x any) bool {
	switch x.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// A headerReader reads the headers of one plugin.
type headerReader struct {
	add, set func(any) ([][2]string, bool)
	listed   bool // what is added is a list of "name: value"
}

var (
	readRequestHeaders  = headerReader{add: readHeaders, set: readHeaders}
	readResponseHeaders = headerReader{add: readAdded, set: readSingle, listed: true}
)

func readAdded(x any) (list [][2]string, ok bool) {
	entries, _ := x.([]any)
	for _, e := range entries {
		header, _ := e.(string)
		if !apisix.IsAddedHeader(header) {
			return nil, false
		}
		name, value, _ := strings.Cut(header, ":")
		list = append(list, [2]string{strings.TrimSpace(name), strings.TrimLeft(value, " \t")})
	}
	return list, len(list) > 0
}

// readSingle reads names and values, of each one.
func readSingle(x any) ([][2]string, bool) {
	m, _ := x.(map[string]any)
	for _, value := range m {
		if isTable(value) {
			return nil, false
		}
	}
	return readHeaders(m)
}

// readHeaders reads names and values, of each one or several.
func readHeaders(x any) (list [][2]string, ok bool) {
	m, ok := x.(map[string]any)
	if !ok || len(m) == 0 {
		return nil, false
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		values, several := m[name].([]any)
		if !several {
			values = []any{m[name]}
		}
		for _, v := range values {
			text, ok := headerText(v)
			if !ok || !isHeaderName(name) {
				return nil, false
			}
			list = append(list, [2]string{name, text})
		}
	}
	return list, true
}

func headerText(x any) (string, bool) {
	switch x := x.(type) {
	case string:
		return x, true
	case int:
		return strconv.Itoa(x), true
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), true
	}
	return "", false
}

func isHeaderName(s string) bool { return s != "" && !strings.Contains(s, ":") }

func readNames(x any) ([]string, bool) {
	list, ok := x.([]any)
	if !ok || len(list) == 0 {
		return nil, false
	}
	var out []string
	for _, e := range list {
		name, _ := e.(string)
		if !isHeaderName(name) {
			return nil, false
		}
		out = append(out, name)
	}
	return out, true
}

func names(lists ...[][2]string) []string {
	var out []string
	for _, list := range lists {
		for _, h := range list {
			out = append(out, h[0])
		}
	}
	return out
}

func hasName(list [][2]string, name string) bool { return hasFold(names(list), name) }

func hasFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// mentions reports whether a value is made from a header: it would be taken before the header is removed.
func mentions(o headerParts, header string) bool {
	variable := "http_" + strings.ReplaceAll(strings.ToLower(header), "-", "_")
	for _, h := range slices.Concat(o.add, o.set) {
		if strings.Contains(strings.ToLower(h[1]), variable) {
			return true
		}
	}
	return false
}

// object is the operations as the plugin's configuration has them.
func (o headerParts) object() map[string]any {
	out := map[string]any{}
	if len(o.add) > 0 && o.listed {
		var list []any
		for _, h := range o.add {
			list = append(list, h[0]+": "+h[1])
		}
		out["add"] = list
	} else if len(o.add) > 0 {
		out["add"] = byName(o.add)
	}
	if len(o.set) > 0 {
		out["set"] = byName(o.set)
	}
	if len(o.remove) > 0 {
		list := make([]any, len(o.remove))
		for i, name := range o.remove {
			list[i] = name
		}
		out["remove"] = list
	}
	return out
}

// byName are headers by their names, with a list where one has several values.
func byName(headers [][2]string) map[string]any {
	m := map[string]any{}
	for _, h := range headers {
		switch before := m[h[0]].(type) {
		case nil:
			m[h[0]] = h[1]
		case []any:
			m[h[0]] = append(before, h[1])
		default:
			m[h[0]] = []any{before, h[1]}
		}
	}
	return m
}
