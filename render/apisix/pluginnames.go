package apisix

import (
	"slices"
	"strings"
)

// PluginNames are the plugins that come with APISIX 3.18, sorted. Those that its configuration does not list are not loaded,
// and an object that names one is dropped; the default list has not all of these, but leaves out a few such as brotli.
var PluginNames = strings.Fields(`
	acl ai ai-aliyun-content-moderation ai-cache ai-lakera-guard ai-prompt-decorator ai-prompt-guard
	ai-prompt-template ai-proxy ai-proxy-multi ai-rag ai-rate-limiting ai-request-rewrite api-breaker
	attach-consumer-label authz-casbin authz-casdoor authz-keycloak aws-lambda azure-functions basic-auth
	batch-requests body-transformer brotli cas-auth chaitin-waf clickhouse-logger client-control
	consumer-restriction cors csrf data-mask datadog degraphql dingtalk-auth echo elasticsearch-logger
	error-log-logger error-page example-plugin exit-transformer ext-plugin-post-req ext-plugin-post-resp
	ext-plugin-pre-req fault-injection feishu-auth file-logger forward-auth google-cloud-logging graphql-limit-count
	graphql-proxy-cache grpc-transcode grpc-web gzip hmac-auth http-dubbo http-logger inspect ip-restriction
	jwe-decrypt jwt-auth kafka-logger kafka-proxy key-auth lago ldap-auth ldap-auth-advanced limit-conn limit-count
	limit-req log-rotate loggly loki-logger mcp-bridge mocking multi-auth node-status oas-validator ocsp-stapling
	opa openfunction openid-connect opentelemetry openwhisk prometheus proxy-buffering proxy-cache proxy-control
	proxy-mirror proxy-rewrite public-api real-ip redirect referer-restriction request-id request-validation
	response-rewrite rocketmq-logger server-info serverless-post-function serverless-pre-function skywalking
	skywalking-logger sls-logger splunk-hec-logging syslog tcp-logger tencent-cloud-cls traffic-label traffic-split
	ua-restriction udp-logger uri-blocker wolf-rbac workflow zipkin
`)

// StreamPluginNames are those among which stream routes may choose, sorted.
var StreamPluginNames = strings.Fields(`ip-restriction limit-conn mqtt-proxy syslog traffic-split`)

// EveryPluginName and EveryStreamPluginName are those of APISIX and of templates/lua.
var (
	EveryPluginName       = slices.Concat(PluginNames, LuaPluginNames)
	EveryStreamPluginName = slices.Concat(StreamPluginNames, LuaStreamPluginNames)
)

// LuaPluginNames are the plugins of ours, sorted: they come with "config --lua=on" and do what those of APISIX cannot.
var LuaPluginNames = strings.Fields(`amesh-cluster-header amesh-destination amesh-host amesh-passthrough amesh-split`)

// LuaStreamPluginNames are those of ours that stream routes may name, sorted.
var LuaStreamPluginNames = strings.Fields(`amesh-destination amesh-passthrough amesh-sni amesh-split`)

// UnlistedPlugins are plugins of APISIX that a configuration which lists all of them leaves out, and why (measured, and
// read in APISIX 3.18's source).
var UnlistedPlugins = map[string]string{
	"ai":             "leaks memory at every reload",
	"batch-requests": "APISIX does not start with it unless loopback addresses may name the client's address (real_ip_from)",
	"inspect":        "runs whatever code a file at a fixed path holds",
	"log-rotate":     "moves log files, where the logs go to standard output",
	"server-info":    "is deprecated, and reports to etcd",
	"skywalking":     "sends reports to a collector from the start, which must be configured",
}

// RenderedPluginNames are the plugins of APISIX that Plugins has fields for, sorted: a file that was rendered without
// plugins of users names no others.
func RenderedPluginNames() []string {
	var names []string
	for _, fd := range pluginFields() {
		if !slices.Contains(LuaPluginNames, fd.name) {
			names = append(names, fd.name)
		}
	}
	slices.Sort(names)
	return names
}

// RenderedStreamPluginNames are the plugins of APISIX that rendered stream routes name, sorted.
func RenderedStreamPluginNames() []string { return []string{"traffic-split"} }
