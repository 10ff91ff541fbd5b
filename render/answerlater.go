package render

import (
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// authenticators are plugins that ask who the client is in the rewrite phase, where fault-injection answers too.
var authenticators = []string{"authz-casbin", "basic-auth", "hmac-auth", "jwe-decrypt", "jwt-auth", "key-auth", "ldap-auth",
	"ldap-auth-advanced", "multi-auth", "openid-connect", "wolf-rbac"}

// afterAuthenticators is a priority below that of all of them.
const afterAuthenticators = 2000

// answersFirst reports whether a route answers by fault-injection, which acts before most plugins.
func answersFirst(route *apisix.Route) bool {
	return route.UpstreamID == "" && route.Plugins != nil && route.Plugins.FaultInjection != nil
}

// answersLater reports whether a route that answers by itself must do so after a plugin that asks who the client is: in
// Envoy, all filters act before the answer of a route. Where the mesh's CORS is in force, the order stays: it would answer
// before the route does.
func answersLater(route *apisix.Route, merged map[string]plugins.Merged) bool {
	return answersFirst(route) && route.Plugins.Cors == nil &&
		slices.ContainsFunc(authenticators, func(name string) bool { return merged[name].Config != nil })
}

// answerLater has the route answer after those plugins. Its plugins may be shared.
func answerLater(route *apisix.Route) {
	fault := *route.Plugins.FaultInjection
	fault.Meta = &apisix.Meta{Priority: afterAuthenticators}
	route.Plugins = route.Plugins.Clone()
	route.Plugins.FaultInjection = &fault
}

// onAnswers are plugins that act on what a route answers by itself: on the response, or before fault-injection answers.
var onAnswers = append([]string{
	"body-transformer", "brotli", "client-control", "cors", "echo", "error-page", "exit-transformer",
	"ext-plugin-post-resp", "ext-plugin-pre-req",
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
	if !answersFirst(route) || slices.Contains(onAnswers, name) {
		return
	}
	u.affect(route, m, Approximate, "it may have no effect on "+affectedRoutes+": what answers there "+
		"(direct_response, or a redirect) does so before most plugins that act on requests")
}
