package plugins_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/plugins"
)

func TestSelector(t *testing.T) {
	labels := map[string]string{"app": "shop", "version": "v1"}
	for selector, want := range map[string]bool{
		"{}":                         true,
		"{matchLabels: {app: shop}}": true,
		"{matchLabels: {app: shop, version: v2}}": false,
		"{app: shop}":  true, // as a Service has it
		"{app: other}": false,
		"{matchLabels: {app: shop}, version: v2}":                              false,
		"{matchExpressions: [{key: version, operator: In, values: [v1, v2]}]}": true,
		"{matchExpressions: [{key: version, operator: NotIn, values: [v1]}]}":  false,
		"{matchExpressions: [{key: other, operator: NotIn, values: [v1]}]}":    true,
		"{matchExpressions: [{key: other, operator: In, values: [v1]}]}":       false,
		"{matchExpressions: [{key: app, operator: Exists}]}":                   true,
		"{matchExpressions: [{key: app, operator: DoesNotExist}]}":             false,
	} {
		c := one(t, manifest("{selector: "+selector+", plugins: [{name: cors}]}"))
		if got, why := c.For(plugins.Pod{Namespace: "default", Labels: labels}); got != want {
			t.Errorf("%s: got %v (%s)", selector, got, why)
		}
	}
}

func TestForOtherPods(t *testing.T) {
	pod := plugins.Pod{Namespace: "default", Labels: map[string]string{"app": "shop"}}
	for text, want := range map[string]string{
		manifest("{disabled: true}"): "it is disabled",
		strings.Replace(manifest("{}"), "name: n", "name: n, namespace: other", 1):   `it is for the namespace "other", and the pod is in "default"`,
		strings.Replace(manifest("{}"), "name: n", "name: n, namespace: default", 1): "",
		manifest("{selector: {matchLabels: {app: a}, matchExpressions: [{key: v, operator: NotIn, values: [x, y]}, {key: z, operator: DoesNotExist}]}}"): "" +
			"it is for pods with v notin (x,y),!z,app=a, and this one has app=shop",
	} {
		if ok, why := one(t, text).For(pod); why != want || ok != (want == "") {
			t.Errorf("%s\n got %q\nwant %q", text, why, want)
		}
	}
	unknown := one(t, strings.Replace(manifest("{}"), "name: n", "name: n, namespace: other", 1))
	if ok, why := unknown.For(plugins.Pod{}); ok || !strings.Contains(why, "nobody knows") {
		t.Errorf("got %v %q", ok, why)
	}
}

func TestCovers(t *testing.T) {
	route := plugins.Route{Hosts: []string{"reviews", "reviews.default.svc"}, Port: 9080, Direction: plugins.Outbound,
		Names: []string{"reviews:9080", "default", "default/reviews"}, Path: "/api/v1/", Prefix: true}
	for target, want := range map[string]bool{
		"{}":                                  true,
		"{hosts: [reviews]}":                  true,
		"{hosts: [Reviews]}":                  true,
		"{hosts: ['*.default.svc']}":          true,
		"{hosts: ['*']}":                      true,
		"{hosts: [ratings]}":                  false,
		"{ports: [80, 9080]}":                 true,
		"{ports: [80]}":                       false,
		"{direction: outbound}":               true,
		"{direction: inbound}":                false,
		"{routes: [default/reviews]}":         true,
		"{routes: ['reviews:*']}":             true,
		"{routes: ['*80']}":                   true,
		"{routes: ['*views*']}":               true,
		"{routes: [review]}":                  false,
		"{paths: ['/api*']}":                  true,
		"{paths: ['/api/v1/*']}":              true,
		"{paths: ['/api/v1/x*']}":             false,
		"{paths: [/api/v1/]}":                 false, // the route serves more than this path
		"{hosts: [reviews], ports: [80]}":     false,
		"{hosts: [ratings]}, {ports: [9080]}": true,
	} {
		if got := one(t, manifest("{targets: ["+target+"], plugins: [{name: cors}]}")).Covers(route); got != want {
			t.Errorf("%s: got %v", target, got)
		}
	}
	inbound := plugins.Route{Path: "/x"}
	if !one(t, manifest("{targets: [{hosts: ['*'], paths: [/x]}]}")).Covers(inbound) || one(t, manifest("{targets: [{hosts: [a]}]}")).Covers(inbound) {
		t.Error("a route for any host is for no named one")
	}
}

func TestMerge(t *testing.T) {
	file := parse(t, strings.Join([]string{
		strings.Replace(manifest("{plugins: [{name: gzip, config: {min_length: 2}}, {name: b, type: pre-req, config: late}]}"), "name: n", "name: b, namespace: x", 1),
		strings.Replace(manifest("{plugins: [{name: gzip, config: {min_length: 1}}, {name: cors}, {name: a, type: pre-req, config: early}, {name: ext-plugin-pre-req, config: {allow_degradation: true}}]}"), "name: n", "name: z", 1),
		strings.Replace(manifest("{plugins: [{name: b, type: pre-req, config: later}]}"), "name: n", "name: c, namespace: x", 1),
	}, "\n---\n"))
	pod := plugins.Pod{Namespace: "default"}
	for range 3 {
		plugins.Sort(file.Configs, pod)
		merged, conflicts := plugins.Merge(file.Configs)
		if got := merged["gzip"].Config["min_length"]; got != 2 {
			t.Errorf("of two the later by namespace and name is in force: got %v", got)
		}
		want := map[string]any{"allow_degradation": true, "conf": []any{map[string]any{"name": "a", "value": "early"}, map[string]any{"name": "b", "value": "later"}}}
		if !reflect.DeepEqual(merged["ext-plugin-pre-req"].Config, want) {
			t.Errorf("the runner's plugins are %v", merged["ext-plugin-pre-req"].Config)
		}
		var lost []string
		for _, c := range conflicts {
			lost = append(lost, c.Lost.Config.Resource(pod.Namespace)+" "+c.Lost.Field()+" by "+c.By.Config.Resource(pod.Namespace))
		}
		slices.Sort(lost)
		if !reflect.DeepEqual(lost, []string{"plugin_config/default/z spec.plugins[0] by plugin_config/x/b", "plugin_config/x/b spec.plugins[1] by plugin_config/x/c"}) {
			t.Errorf("the conflicts are %q", lost)
		}
		slices.Reverse(file.Configs)
	}
}
