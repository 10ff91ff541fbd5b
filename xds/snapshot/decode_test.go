package snapshot

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestCapturesDecode(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			dump, responses := readFile(t, c.dump), readFile(t, c.responses)
			s := decode(t, dump)
			if s.Listeners().Len() == 0 || s.Clusters().Len() == 0 || s.RouteConfigurations().Len() == 0 {
				t.Fatalf("got %q, want at least a listener, a cluster and a route configuration", paths(s))
			}
			if s.Node().GetMetadata().GetFields()["ISTIO_VERSION"].GetStringValue() == "" {
				t.Errorf("node: got %v, want one with Istio's version", s.Node())
			}
			equal(t, decode(t, responses), s)
			for _, n := range s.Notes() {
				if !strings.Contains(n.Message, "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig") {
					t.Errorf("got the note %+v, want only those on the one type that is not Envoy's", n)
				}
			}
		})
	}
}

const (
	clusterA   = `{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":"a","connect_timeout":"1s"}`
	clusterB   = `{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":"b","type":"EDS"}`
	endpointsB = `{"@type":"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment","cluster_name":"b"}`
	listenerL  = `{"@type":"type.googleapis.com/envoy.config.listener.v3.Listener","name":"l","bind_to_port":false}`
	routesR    = `{"@type":"type.googleapis.com/envoy.config.route.v3.RouteConfiguration","name":"r"}`
	secretS    = `{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"s",` +
		`"generic_secret":{"secret":{"inline_string":"x"}}}`

	cdsType = `"type_url":"type.googleapis.com/envoy.config.cluster.v3.Cluster"`
	ldsType = `"type_url":"type.googleapis.com/envoy.config.listener.v3.Listener"`
)

// bare is a resource as istioctl prints it: without its type.
func bare(resource string) string {
	return regexp.MustCompile(`"@type":"[^"]*",`).ReplaceAllString(resource, "")
}

func TestShapes(t *testing.T) {
	all := []string{"cluster/a", "cluster/b", "endpoints/b", "listener/l", "route_config/r", "secret/s"}
	sections := `{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","version_info":"1",
		"static_clusters":[{"cluster":` + clusterA + `}],
		"dynamic_active_clusters":[{"version_info":"1","cluster":` + clusterB + `,"last_updated":"2026-01-01T00:00:00Z"}]},
	{"@type":"type.googleapis.com/envoy.admin.v3.EndpointsConfigDump",
		"dynamic_endpoint_configs":[{"endpoint_config":` + endpointsB + `}]},
	{"@type":"type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
		"dynamic_listeners":[{"name":"l","active_state":{"listener":` + listenerL + `}}]},
	{"@type":"type.googleapis.com/envoy.admin.v3.ScopedRoutesConfigDump"},
	{"@type":"type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
		"dynamic_route_configs":[{"route_config":` + routesR + `}]},
	{"@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
		"dynamic_active_secrets":[{"name":"s","secret":` + secretS + `}]}`
	response := func(resources ...string) string {
		return `{"version_info":"1","resources":[` + strings.Join(resources, ",") + `]}`
	}
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"config_dump", `{"configs":[` + sections + `]}`, all},
		{"config_dump in camelCase", `{"configs":[{"dynamicActiveClusters":[{"cluster":` + clusterA + `}]},
			{"dynamicListeners":[{"activeState":{"listener":` + listenerL + `}}]}]}`, []string{"cluster/a", "listener/l"}},
		{"config_dump?resource=", `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster",
			"version_info":"1","cluster":` + clusterA + `}]}`, []string{"cluster/a"}},
		{"one part of a config_dump, as istioctl prints secrets", `{"dynamicActiveSecrets":[{"name":"s","secret":` + secretS +
			`}]}`, []string{"secret/s"}},
		{"bootstrap, as istioctl prints it", `{"bootstrap":{"node":{"id":"n"},"staticResources":{"clusters":[` + bare(clusterA) +
			`],"listeners":[` + bare(listenerL) + `],"secrets":[` + bare(secretS) + `]},"admin":{"x":1}}}`,
			[]string{"cluster/a", "listener/l", "secret/s"}},
		{"Envoy's own configuration file", `{"static_resources":{"clusters":[` + bare(clusterA) + `]},"admin":{"a":1}}`,
			[]string{"cluster/a"}},
		{"bare resources, as istioctl prints them", `[` + bare(clusterA) + `,` + bare(clusterB) + `]`,
			[]string{"cluster/a", "cluster/b"}},
		{"bare resources of each kind", `[{"name":"l","address":{},"filterChains":[]},{"name":"r","virtualHosts":[]},
			{"clusterName":"b","endpoints":[]},{"name":"s","tlsCertificate":{}},{"name":"a","type":"EDS"}]`,
			[]string{"cluster/a", "endpoints/b", "listener/l", "route_config/r", "secret/s"}},
		{"one bare resource", bare(clusterA), []string{"cluster/a"}},
		{"typed resources", `[` + clusterA + `,` + listenerL + `]` + routesR, []string{"cluster/a", "listener/l", "route_config/r"}},
		{"one response", response(clusterA, clusterB), []string{"cluster/a", "cluster/b"}},
		{"array of responses", `[` + response(clusterA, clusterB) + `,` + response(endpointsB) + `,` + response(listenerL) + `,` +
			response(routesR) + `,` + response(secretS) + `]`, all},
		{"responses, one per line", response(clusterA, clusterB) + "\n" + response(endpointsB) + "\n" + response(listenerL) +
			"\n" + response(routesR) + "\n" + response(secretS) + "\n", all},
		{"responses without space between", response(clusterA, clusterB) + response(endpointsB), all[:3]},
		{"response in camelCase", `{"versionInfo":"1","typeUrl":"x","resources":[` + clusterA + `]}`, all[:1]},
		{"response of wrapped resources", response(`{"@type":"type.googleapis.com/envoy.service.discovery.v3.Resource",
			"name":"a","resource":` + clusterA + `}`), all[:1]},
		{"delta response", `{"systemVersionInfo":"1","resources":[{"name":"a","version":"1","resource":` + clusterA + `}]}`, all[:1]},
		{"config_dump and response in one array", `[{"configs":[` + sections + `]},{` + cdsType +
			`,"removed_resources":["a"]}]`, all[1:]},
		{"null lists", `{"configs":[{"static_clusters":null,"bootstrap":null},{"dynamic_active_clusters":[{"cluster":` +
			clusterA + `,"error_state":null}]}]}`, all[:1]},
	} {
		t.Run(test.name, func(t *testing.T) { equalStrings(t, "resources", paths(decode(t, test.text)), test.want) })
	}
}

func TestMaskedDumpsAreNotesNotErrors(t *testing.T) {
	for _, test := range []struct{ name, text, note string }{
		{"only the bootstrap", `{"configs":[{"bootstrap":{"node":{"id":"n"}}}]}`, "dump: 0.json holds no resources"},
		{"nothing", `{"configs":[]}`, "dump: 0.json holds no resources"},
		{"istioctl found nothing", `[]`, "dump: 0.json holds no resources"},
		{"a list that is not read", `{"configs":[{"dynamic_active_clusters":[{"cluster":` + clusterA + `}],"new_list":[1]}]}`,
			"dump new_list: 0.json: new_list is not read"},
		{"a part that is not read", `{"configs":[` + clusterA + `,{"@type":"example.com/x.Dump","a":1}]}`,
			`dump configs: 0.json: a part of type "example.com/x.Dump" is not read`},
		{"resources of Envoy's v2 API", `{"configs":[{"dynamic_active_clusters":[{"cluster":
			{"@type":"type.googleapis.com/envoy.api.v2.Cluster","name":"x"}},{"cluster":` + clusterA + `}]}]}`,
			`dump: 0.json: resources of type "type.googleapis.com/envoy.api.v2.Cluster" are left out`},
		{"resources of a type that is not read", `{"resources":[{"@type":"type.googleapis.com/x.Y"},` + clusterA + `]}`,
			`dump: 0.json: resources of type "type.googleapis.com/x.Y" are left out (1)`},
		{"a listener without a name", `{"configs":[{"static_listeners":[{"listener":{"address":{}}}]}]}`,
			"listener/: 0.json: a resource without a name is left out: nothing can refer to it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			equalStrings(t, "notes", notes(decode(t, test.text)), []string{test.note})
		})
	}
}

func TestOrderOfKeysDoesNotMatter(t *testing.T) {
	for _, c := range captures(t)[:2] {
		for _, file := range []string{c.dump, c.responses} {
			want := decode(t, readFile(t, file))
			var tree any
			if err := json.Unmarshal([]byte(readFile(t, file)), &tree); err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range 5 {
				got := decode(t, shuffled(tree, random))
				equal(t, got, want)
				if !slices.Equal(got.Notes(), want.Notes()) {
					t.Errorf("notes: got %v, want %v", got.Notes(), want.Notes())
				}
			}
		}
	}
}

// shuffled is a tree as JSON with the members of its objects in random order.
func shuffled(tree any, random *rand.Rand) string {
	switch v := tree.(type) {
	case map[string]any:
		var members []string
		for key, value := range v {
			quoted, _ := json.Marshal(key)
			members = append(members, string(quoted)+": "+shuffled(value, random))
		}
		slices.Sort(members)
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return "{" + strings.Join(members, " ,\n") + "}"
	case []any:
		var elements []string
		for _, e := range v {
			elements = append(elements, shuffled(e, random))
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	b, _ := json.Marshal(tree)
	return string(b)
}

func TestYAMLIsJSON(t *testing.T) {
	for _, c := range captures(t)[:2] {
		for _, file := range []string{c.dump, c.responses} {
			want := decode(t, readFile(t, file))
			var tree any
			if err := json.Unmarshal([]byte(readFile(t, file)), &tree); err != nil {
				t.Fatal(err)
			}
			b, err := yaml.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			got := decode(t, string(b))
			equal(t, got, want)
			if got.Node().GetId() != want.Node().GetId() || !slices.Equal(got.Notes(), want.Notes()) {
				t.Errorf("node and notes: got %v %v, want %v %v", got.Node(), got.Notes(), want.Node(), want.Notes())
			}
		}
	}
}

func TestYAMLByHand(t *testing.T) {
	s := decode(t, `# two documents, the second of which uses an anchor
---
configs:
- dynamic_active_clusters:
  - cluster:
      name: a
      connect_timeout: 1.5s
      type: STATIC
      metadata: {filter_metadata: {x: {when: 2026-01-01, n: 0x10, f: .5, yes: yes, e: }}}
    last_updated: 2026-01-01T00:00:00Z
---
---
- &base {name: b, type: EDS, connect_timeout: 2s}
- name: c
  type: EDS
  eds_cluster_config: {service_name: "c"}
`)
	equalStrings(t, "resources", paths(s), []string{"cluster/a", "cluster/b", "cluster/c"})
	a, _ := s.Clusters().Get("a")
	if got := a.GetConnectTimeout().AsDuration().String(); got != "1.5s" {
		t.Errorf("connect_timeout: got %s, want 1.5s", got)
	}
	x := a.GetMetadata().GetFilterMetadata()["x"].AsMap()
	want := map[string]any{"when": "2026-01-01", "n": 16.0, "f": 0.5, "yes": "yes", "e": nil}
	for key, value := range want {
		if x[key] != value {
			t.Errorf("metadata %s: got %v, want %v", key, x[key], value)
		}
	}
}

func TestGzip(t *testing.T) {
	c := captures(t)[0]
	text := readFile(t, c.dump)
	var packed bytes.Buffer
	for _, part := range []string{text[:len(text)/2], text[len(text)/2:]} { // two members, as cat a.gz b.gz gives
		z := gzip.NewWriter(&packed)
		_, _ = z.Write([]byte(part))
		_ = z.Close()
	}
	equal(t, decode(t, packed.String()), decode(t, text))
	equal(t, decode(t, "\ufeff  \r\n"+text), decode(t, text))
}
