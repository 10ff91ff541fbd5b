package charts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// others are values other than the default, one for each that is documented. Some have an effect only beside another.
var others = map[string]map[string]string{
	"amesh": {
		"image.repository":              "example/amesh",
		"image.tag":                     "v9",
		"imagePullPolicy":               "Never",
		"xds.address":                   "grpc://istiod:15010",
		"xds.tokenAudience":             "other",
		"agent.logLevel":                "debug",
		"agent.logFormat":               "json",
		"agent.statusAddress":           "':15021'",
		"agent.extraArgs":               "[--ready-max-down=1h]",
		"agent.resources":               "{limits: {memory: 1Gi}}",
		"apisix.image.repository":       "example/apisix",
		"apisix.image.tag":              "3.19.0-debian",
		"apisix.workers":                "auto",
		"apisix.logLevel":               "info",
		"apisix.accessLog":              "false",
		"apisix.set":                    "[apisix.enable_http2=false]",
		"apisix.customPlugins":          "[mine]",
		"apisix.readOnlyRootFilesystem": "false",
		"apisix.resources":              "{limits: {memory: 2Gi}}",
		"init.image":                    "example/iptables:1",
		"init.capabilities":             "[NET_ADMIN]",
		"init.resources":                "{limits: {memory: 64Mi}}",
		"ports.tcpOutbound":             "'3306'",
		"ports.httpOutbound":            "'8443'",
		"ports.tcpInbound":              "'7000'",
		"ports.httpInbound":             "'443'",
		"pluginConfigMap":               "plugins",
		"startup.failureThreshold":      "60",
	},
	"amesh-gateway": {
		"image.repository":                 "example/amesh",
		"image.tag":                        "v9",
		"imagePullPolicy":                  "Never",
		"imagePullSecrets":                 "[{name: registry}]",
		"name":                             "front",
		"labels":                           "{istio: other}",
		"xds.address":                      "grpc://istiod:15010",
		"xds.tokenAudience":                "other",
		"xds.rootCertConfigMap":            "root",
		"xds.clusterID":                    "one",
		"xds.meshID":                       "shop",
		"xds.network":                      "east",
		"xds.domain":                       "example.org",
		"agent.logLevel":                   "debug",
		"agent.logFormat":                  "json",
		"agent.statusAddress":              "':15021'",
		"agent.extraArgs":                  "[--ready-max-down=1h]",
		"agent.resources":                  "{limits: {memory: 1Gi}}",
		"apisix.image.repository":          "example/apisix",
		"apisix.image.tag":                 "3.19.0-debian",
		"apisix.workers":                   "auto",
		"apisix.logLevel":                  "info",
		"apisix.accessLog":                 "false",
		"apisix.set":                       "[apisix.enable_http2=false]",
		"apisix.customPlugins":             "[mine]",
		"apisix.readOnlyRootFilesystem":    "false",
		"apisix.resources":                 "{limits: {memory: 2Gi}}",
		"initResources":                    "{limits: {memory: 64Mi}}",
		"pluginConfigMap":                  "plugins",
		"startup.failureThreshold":         "60",
		"drainSeconds":                     "9",
		"terminationGracePeriodSeconds":    "90",
		"service.type":                     "NodePort",
		"service.annotations":              "{a: b}",
		"service.externalTrafficPolicy":    "Local",
		"service.loadBalancerSourceRanges": "[10.0.0.0/8]",
		"service.ports":                    "[{name: tls, port: 443, targetPort: 8443, mode: tcp, nodePort: 30443}]",
		"replicas":                         "7",
		"autoscaling.enabled":              "false",
		"autoscaling.minReplicas":          "3",
		"autoscaling.maxReplicas":          "9",
		"autoscaling.targetCPUUtilizationPercentage": "50",
		"podDisruptionBudget.enabled":                "false",
		"podDisruptionBudget.maxUnavailable":         "50%",
		"serviceAccount.name":                        "mine",
		"serviceAccount.annotations":                 "{a: b}",
		"podAnnotations":                             "{a: b}",
		"nodeSelector":                               "{a: b}",
		"tolerations":                                "[{operator: Exists}]",
		"affinity":                                   "{nodeAffinity: {}}",
		"topologySpreadConstraints":                  "[]",
		"priorityClassName":                          "high",
	},
}

// beside are the values in presence of which another has an effect.
var beside = map[string]string{"replicas": "autoscaling.enabled=false"}

// TestValues: each documented value changes what is rendered: of amesh, the pods that Istio injects. What comes of it
// is decoded strictly.
func TestValues(t *testing.T) {
	for _, name := range charts {
		documented := map[string]bool{}
		for _, v := range documentedValues(t, name) {
			documented[v.path] = true
			if others[name][v.path] == "" {
				t.Errorf("%s: nothing tests the value %s", name, v.path)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(others[name])) {
			if !documented[path] {
				t.Errorf("%s: the value %s is not documented", name, path)
			}
			with, without := map[string]any{}, map[string]any{}
			if key, value, ok := strings.Cut(beside[path], "="); ok {
				setValue(t, with, key, value)
				setValue(t, without, key, value)
			}
			setValue(t, with, path, others[name][path])
			if outcome(t, name, with) == outcome(t, name, without) {
				t.Errorf("%s: the value %s has no effect", name, path)
			}
		}
	}
}

// outcome is what a chart's values come to.
func outcome(t *testing.T, name string, values map[string]any) string {
	t.Helper()
	if name == "amesh" {
		text := newInjector(t, values, nil).inject(t, workload(t, "productpage.yaml"))
		pod(t, text)
		return text
	}
	files := gateway(t, values)
	var all strings.Builder
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(file, ".txt") {
			continue
		}
		decode(t, kindOf(t, files[file]), files[file])
		all.WriteString(files[file])
	}
	return all.String()
}

// setValue sets a.b to what a text is in YAML.
func setValue(t *testing.T, values map[string]any, path, text string) {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		child, ok := values[key].(map[string]any)
		if !ok {
			child = map[string]any{}
			values[key] = child
		}
		values = child
	}
	values[keys[len(keys)-1]] = value
}
