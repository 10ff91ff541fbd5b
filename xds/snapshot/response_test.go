package snapshot

import "testing"

func TestSourcesMergeAsAClientApplies(t *testing.T) {
	cluster := func(name, stat string) string {
		return `{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":"` + name +
			`","alt_stat_name":"` + stat + `"}`
	}
	dump := `{"configs":[{"dynamic_active_clusters":[{"cluster":` + cluster("a", "dump") + `},{"cluster":` + cluster("b", "dump") +
		`}]},{"dynamic_listeners":[{"active_state":{"listener":` + listenerL + `}}]}]}`
	for _, test := range []struct {
		name  string
		texts []string
		want  []string
		a     string // the alt_stat_name of cluster a
	}{
		{"a later CDS response replaces", []string{dump, `{"resources":[` + cluster("a", "cds") + `]}`},
			[]string{"cluster/a", "listener/l"}, "cds"},
		{"an empty CDS response empties", []string{dump, `{"version_info":"2",` + cdsType + `}`}, []string{"listener/l"}, ""},
		{"an empty LDS response empties", []string{dump, `{"version_info":"2",` + ldsType + `,"resources":[]}`},
			[]string{"cluster/a", "cluster/b"}, "dump"},
		{"a later dump adds and wins", []string{`{"resources":[` + cluster("a", "cds") + `,` + cluster("c", "cds") + `]}`, dump},
			[]string{"cluster/a", "cluster/b", "cluster/c", "listener/l"}, "dump"},
		{"EDS, RDS and SDS merge", []string{`{"resources":[` + endpointsB + `]}{"resources":[` + routesR + `]}{"resources":[` +
			secretS + `]}`, `{"version_info":"2","resources":[{"@type":` +
			`"x/envoy.config.endpoint.v3.ClusterLoadAssignment","cluster_name":"c"}]}` +
			`{"version_info":"2","resources":[{"@type":"x/envoy.config.route.v3.RouteConfiguration","name":"q"}]}`},
			[]string{"endpoints/b", "endpoints/c", "route_config/q", "route_config/r", "secret/s"}, ""},
		{"delta adds, changes and removes", []string{dump, `{"system_version_info":"1",` + cdsType +
			`,"resources":[{"name":"a","resource":` +
			cluster("a", "delta") + `},{"name":"c","resource":` + cluster("c", "delta") + `}],"removed_resources":["b","x"]}`},
			[]string{"cluster/a", "cluster/c", "listener/l"}, "delta"},
		{"delta that only removes", []string{dump,
			`{"removedResources":["a"],"typeUrl":"type.googleapis.com/envoy.config.cluster.v3.Cluster"}`},
			[]string{"cluster/b", "listener/l"}, ""},
		{"delta that removes by ResourceName", []string{dump, `{"removed_resource_names":[{"name":"a"}],` + cdsType + `}`},
			[]string{"cluster/b", "listener/l"}, ""},
		{"delta that says nothing", []string{dump, `{"nonce":"1",` + cdsType + `}`},
			[]string{"cluster/a", "cluster/b", "listener/l"}, "dump"},
		{"delta heartbeat", []string{dump, `{"nonce":"1",` + cdsType + `,"resources":[{"name":"a","version":"7"}]}`},
			[]string{"cluster/a", "cluster/b", "listener/l"}, "dump"},
		{"removed and added again", []string{dump, `{"removed_resources":["a"],` + cdsType +
			`}{"resources":[{"name":"a","resource":` +
			cluster("a", "again") + `}]}`}, []string{"cluster/a", "cluster/b", "listener/l"}, "again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := decode(t, test.texts...)
			equalStrings(t, "resources", paths(s), test.want)
			a, _ := s.Clusters().Get("a")
			if a.GetAltStatName() != test.a {
				t.Errorf("cluster/a comes from %q, want %q", a.GetAltStatName(), test.a)
			}
		})
	}
}

func TestNodeOfTheLastSourceWins(t *testing.T) {
	node := func(id string) string { return `{"bootstrap":{"node":{"id":"` + id + `"}}}` }
	if got := decode(t, node("one"), node("two"), clusterA).Node().GetId(); got != "two" {
		t.Errorf("node: got %q, want two", got)
	}
	if got := decode(t, clusterA).Node(); got != nil {
		t.Errorf("node: got %v, want nil", got)
	}
}
