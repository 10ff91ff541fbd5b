package render

import (
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// forwardAuthPriority is where forward-auth stands among the plugins that run in one phase.
const forwardAuthPriority = 2002

// A question is what the plugin forward-auth asks a service about, beside the path: the method, the client's address and
// these headers, in lower case. It asks in the access phase, after all plugins that act in the rewrite phase, whatever
// their priorities: proxy-rewrite among them. What they change is what the service judges.
type question struct {
	asked   bool // somebody is asked at all
	headers []string
}

// questionOf is what services are asked about by routes.
func questionOf(routes ...*apisix.Route) (q question) {
	for _, route := range routes {
		if route.Plugins == nil || route.Plugins.ForwardAuth == nil {
			continue
		}
		q.asked = true
		for _, name := range route.Plugins.ForwardAuth.RequestHeaders {
			q.headers = append(q.headers, headerKey(name))
		}
	}
	return q
}

// headerKey is a header's name as variables have it: they do not tell "-" from "_".
func headerKey(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// changedBy says how a plugin of this configuration would change the question; "" if it does not. Lua and the plugins of a
// runner can do anything, and are the user's to judge.
func (q question) changedBy(name string, conf map[string]any) string {
	if !q.asked {
		return ""
	}
	switch name {
	case "real-ip":
		return "it would change the client's address" + beforeAsked
	case "degraphql":
		return "it would change the method" + beforeAsked
	case "proxy-rewrite":
		if conf["method"] != nil {
			return "it would change the method" + beforeAsked
		}
		parts, ok := readHeaderParts(conf["headers"], readRequestHeaders)
		if !ok && conf["headers"] != nil {
			return "it has headers that cannot be read, and might change them" + beforeAsked
		}
		return q.changes(append(names(parts.add, parts.set), parts.remove...)...)
	case "request-id":
		return q.changes(textOr(conf["header_name"], "X-Request-Id"))
	case "jwe-decrypt":
		return q.changes(textOr(conf["forward_header"], "Authorization"))
	}
	return ""
}

const beforeAsked = " before the plugin forward-auth asks who may pass"

// changes says which of the headers the service is asked about.
func (q question) changes(headers ...string) string {
	for _, name := range headers {
		if slices.Contains(q.headers, headerKey(name)) {
			return "it would change the header " + strings.ToLower(name) + beforeAsked
		}
	}
	return ""
}

func textOr(x any, otherwise string) string {
	if s, ok := x.(string); ok {
		return s
	}
	return otherwise
}

// actsTooEarly says why a route must not have a plugin of this configuration: it would act, and might answer with what an
// upstream has said, before a plugin that may refuse, or change what that judges. All other guards are conditions of
// routes, which hold before any plugin runs.
func actsTooEarly(route *apisix.Route, name string, conf map[string]any) string {
	q := questionOf(route)
	if priority, ok := metaOf(conf)["priority"]; ok && q.asked && number(priority) >= forwardAuthPriority {
		return "its _meta.priority would have it act before the plugin forward-auth, by which requests are refused"
	}
	return q.changedBy(name, conf)
}

// bypasses are plugins that answer with what an upstream says, or has said to somebody else, in a phase in which others
// refuse: caches, and those that call functions.
var bypasses = []string{"ai-cache", "aws-lambda", "azure-functions", "graphql-proxy-cache", "openfunction", "openwhisk",
	"proxy-cache"}

// unfitForAll says why a global rule must not have a plugin of this configuration: global rules run before the plugins of
// routes, those that refuse among them. q is what all routes ask about.
func unfitForAll(name string, conf map[string]any, q question) string {
	if slices.Contains(bypasses, name) {
		return "in a global rule it would answer, from its cache or another upstream, before a route can refuse: put it on routes"
	}
	if name == "traffic-label" && q.asked {
		return "it might change headers" + beforeAsked
	}
	return q.changedBy(name, conf)
}
