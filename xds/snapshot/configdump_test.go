package snapshot

import (
	"strings"
	"testing"
)

func TestVersionsInADump(t *testing.T) {
	cluster := func(stat string) string { return `{"cluster":{"name":"a","alt_stat_name":"` + stat + `"}}` }
	listener := func(state, stat string) string {
		return `"` + state + `":{"listener":{"name":"a","stat_prefix":"` + stat + `"}}`
	}
	const twice = "it is defined twice in one dump; the later definition is used"
	for _, test := range []struct {
		name, section string
		want          string // which version is used
		notes         []string
	}{
		{"active wins over warming", `"dynamic_warming_clusters":[` + cluster("warming") + `],"dynamic_active_clusters":[` +
			cluster("active") + `]`, "active",
			[]string{"cluster/a: a version that is still warming is left out; the active one is used"}},
		{"warming alone", `"dynamic_warming_clusters":[` + cluster("warming") + `]`, "warming", nil},
		{"active wins over static", `"dynamic_active_clusters":[` + cluster("active") + `],"static_clusters":[` +
			cluster("static") + `]`, "active", nil},
		{"static wins over the bootstrap", `"static_clusters":[` + cluster("static") +
			`],"bootstrap":{"static_resources":{"clusters":[{"name":"a","alt_stat_name":"bootstrap"}]}}`, "static", nil},
		{"twice", `"dynamic_active_clusters":[` + cluster("one") + `,` + cluster("two") + `]`, "two",
			[]string{"cluster/a: " + twice}},
		{"twice the same", `"dynamic_active_clusters":[` + cluster("one") + `,` + cluster("one") + `]`, "one", nil},
		{"active listener wins over the others", `"dynamic_listeners":[{"name":"a",` + listener("draining_state", "draining") +
			`,` + listener("active_state", "active") + `,` + listener("warming_state", "warming") + `}]`, "active",
			[]string{"listener/a: a version that is still warming is left out; the active one is used"}},
		{"draining listener beside an active one", `"dynamic_listeners":[{` + listener("active_state", "active") + `,` +
			listener("draining_state", "draining") + `}]`, "active", nil},
		{"warming listener alone", `"dynamic_listeners":[{` + listener("warming_state", "warming") + `}]`, "warming", nil},
		{"draining listener alone", `"dynamic_listeners":[{` + listener("draining_state", "draining") + `}]`, "",
			[]string{"listener/a: it is draining and takes no new connections: left out"}},
		{"rejected update", `"dynamic_active_clusters":[{"error_state":{"details":"bad port","failed_configuration":{"name":"a"}},` +
			cluster("active")[1:] + `]`, "active",
			[]string{"cluster/a error_state: Envoy rejected a version of it, which is left out: bad port"}},
		{"rejected from the start", `"dynamic_listeners":[{"name":"a","error_state":{"details":"bad port"}}]`, "",
			[]string{"listener/a error_state: Envoy rejected a version of it, which is left out: bad port"}},
		{"rejected, name only in the rejected text", `"dynamic_active_clusters":[{"errorState":{"failedConfiguration":` +
			`{"name":"a"},"details":"bad port"}}]`, "",
			[]string{"cluster/a error_state: Envoy rejected a version of it, which is left out: bad port"}},
		{"route configurations that stand in listeners", `"static_route_configs":[{"route_config":{"name":"a"}},` +
			`{"route_config":{"name":"a","virtual_hosts":[{"name":"x"}]}},{"route_config":{}}]`, "",
			[]string{"dump: 0.json holds no resources"}},
		{"secret that has not come yet", `"dynamic_warming_secrets":[{"name":"a","secret":{"name":"a"}}]`, "",
			[]string{"secret/a: Envoy is still waiting for it: left out"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := decode(t, `{"configs":[{`+test.section+`}]}`)
			c, _ := s.Clusters().Get("a")
			l, _ := s.Listeners().Get("a")
			if got := c.GetAltStatName() + l.GetStatPrefix(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			equalStrings(t, "notes", notes(s), test.notes)
		})
	}
}

// Envoy lists the hosts of every cluster as load assignments. Only those of clusters that ask EDS came from the control
// plane.
func TestEndpointsOfClustersWithoutEDS(t *testing.T) {
	clusters := `{"static_clusters":[{"cluster":{"name":"static","type":"STATIC","load_assignment":{"cluster_name":"static"}}},
		{"cluster":{"name":"static-eds","type":"EDS"}}],
		"dynamic_active_clusters":[{"cluster":{"name":"dns","type":"STRICT_DNS"}},{"cluster":{"name":"dst","type":"ORIGINAL_DST"}},
		{"cluster":{"name":"eds","type":"EDS","eds_cluster_config":{"service_name":"service"}}},
		{"cluster":{"name":"shared","type":"STATIC"}},
		{"cluster":{"name":"other","type":"EDS","eds_cluster_config":{"service_name":"shared"}}}]}`
	assignment := func(name string) string { return `{"endpoint_config":{"cluster_name":"` + name + `"}}` }
	endpoints := `{"static_endpoint_configs":[` + assignment("static") + `,` + assignment("static-eds") + `],
		"dynamic_endpoint_configs":[` + assignment("dns") + `,` + assignment("dst") + `,` + assignment("service") + `,` +
		assignment("shared") + `,` + assignment("unknown") + `]}`
	kept := []string{"service", "shared", "static-eds", "unknown"}
	s := decode(t, `{"configs":[`+clusters+`,`+endpoints+`]}`)
	equalStrings(t, "from Envoy", s.Endpoints().Names(), kept)
	s = decode(t, `{"configs":[`+endpoints+`,`+clusters+`]}`)
	equalStrings(t, "in another order", s.Endpoints().Names(), kept)
	s = decode(t, `[{"cluster_name":"dns","endpoints":[]},{"cluster_name":"service","endpoints":[]}]`, clusters)
	equalStrings(t, "from istioctl", s.Endpoints().Names(), []string{"service"})
	s = decode(t, clusters, `{"resources":[`+strings.ReplaceAll(endpointsB, `"b"`, `"dst"`)+`]}`)
	equalStrings(t, "from a response", s.Endpoints().Names(), []string{"dst"})
	s = decode(t, dump(t, s))
	equalStrings(t, "from our own dump", s.Endpoints().Names(), []string{"dst"})
}
