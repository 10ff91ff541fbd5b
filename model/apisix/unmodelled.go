package apisix

import (
	"maps"
	"slices"

	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// observers are the plugins that look at requests and never change what becomes of them: loggers, metrics, traces.
var observers = map[string]bool{
	"clickhouse-logger": true, "datadog": true, "elasticsearch-logger": true, "error-log-logger": true, "file-logger": true,
	"google-cloud-logging": true, "http-logger": true, "kafka-logger": true, "lago": true, "log-rotate": true,
	"loggly": true, "loki-logger": true, "node-status": true, "opentelemetry": true, "prometheus": true,
	"rocketmq-logger": true, "server-info": true, "skywalking": true, "skywalking-logger": true, "sls-logger": true,
	"splunk-hec-logging": true, "syslog": true, "tcp-logger": true, "tencent-cloud-cls": true, "udp-logger": true,
	"zipkin": true,
}

// unmodelled are the names of plugins, of global rules and of a route, of which the model does not know what they do.
func unmodelled(global []string, p *conf.Plugins) []string {
	names := slices.Clone(global)
	if p != nil {
		names = append(names, active(p.Other)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// globalPlugins are those of the global rules, each of which sees every request.
func globalPlugins(rules []conf.Object) []string {
	var names []string
	for _, rule := range rules {
		plugins, _ := rule["plugins"].(map[string]any)
		names = append(names, active(plugins)...)
	}
	return names
}

// active are the plugins that are not switched off in place and do more than to observe.
func active(plugins map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		config, _ := plugins[name].(map[string]any)
		meta, _ := config["_meta"].(map[string]any)
		if disabled, _ := meta["disable"].(bool); !disabled && !observers[name] {
			names = append(names, name)
		}
	}
	return names
}
