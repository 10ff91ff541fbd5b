package snapshot

import (
	"fmt"
	"testing"
)

func TestReferences(t *testing.T) {
	const any = `"@type":"type.googleapis.com/envoy.extensions.`
	hcm := func(rest string) string {
		return `{"name":"hcm","typed_config":{` + any +
			`filters.network.http_connection_manager.v3.HttpConnectionManager",` + rest + `}}`
	}
	tcp := func(rest string) string {
		return `{"name":"tcp","typed_config":{` + any + `filters.network.tcp_proxy.v3.TcpProxy",` + rest + `}}`
	}
	tls := `"common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"own"}],` +
		`"combined_validation_context":{"default_validation_context":{},"validation_context_sds_secret_config":{"name":"root"}}}`
	listener := `{"name":"l","filter_chains":[
		{"filters":[` + hcm(`"rds":{"route_config_name":"r","config_source":{"ads":{}}}`) + `],"transport_socket":{"name":"tls",
			"typed_config":{` + any + `transport_sockets.tls.v3.DownstreamTlsContext",` + tls + `}}},
		{"filters":[` + tcp(`"weighted_clusters":{"clusters":[{"name":"w0","weight":1},{"name":"w1","weight":2}]}`) + `]},
		{"filters":[` + hcm(`"scoped_routes":{"name":"s","scoped_route_configurations_list":{"scoped_route_configurations":[
			{"name":"x","route_configuration_name":"scoped"}]}}`) + `]}],
		"default_filter_chain":{"filters":[` + tcp(`"cluster":"default"`) + `,` +
		hcm(`"route_config":{"virtual_hosts":[{"name":"v","domains":["*"],"routes":[{"route":{"cluster":"inline"}}]}]}`) + `]}}`
	routes := `{"name":"r","virtual_hosts":[{"name":"v","request_mirror_policies":[{"cluster":"vhost-mirror"}],"routes":[
		{"route":{"cluster":"a","request_mirror_policies":[{"cluster":"mirror"}]}},
		{"route":{"weighted_clusters":{"clusters":[{"name":"b","weight":1},{"name":"a","weight":1}]}}},
		{"route":{"cluster_header":"x-cluster"}},{"redirect":{"host_redirect":"x"}},{"direct_response":{"status":200}}]}]}`
	clusters := `[{"name":"a","type":"EDS","eds_cluster_config":{"service_name":"service"}},{"name":"b","type":"EDS",
		"transport_socket_matches":[{"name":"m","transport_socket":{"name":"tls","typed_config":{` + any +
		`transport_sockets.tls.v3.UpstreamTlsContext",` + tls + `}}}]},{"name":"default","type":"STATIC"}]`
	s := decode(t, `[`+listener+`,`+routes+`]`, clusters, `{"resources":[`+endpointsB+`]}`)
	equalStrings(t, "notes", notes(s), nil)

	const chain, context = "filter_chains[0].transport_socket.typed_config.common_tls_context.",
		"transport_socket_matches[0].transport_socket.typed_config.common_tls_context."
	const root, own = "combined_validation_context.validation_context_sds_secret_config.name",
		"tls_certificate_sds_secret_configs[0].name"
	want := []string{
		"cluster/a eds_cluster_config.service_name → endpoints/service",
		"cluster/b name → endpoints/b",
		"cluster/b " + context + root + " → secret/root",
		"cluster/b " + context + own + " → secret/own",
		"listener/l default_filter_chain.filters[0].typed_config.cluster → cluster/default",
		"listener/l default_filter_chain.filters[1].typed_config.route_config.virtual_hosts[0].routes[0].route.cluster" +
			" → cluster/inline",
		"listener/l filter_chains[0].filters[0].typed_config.rds.route_config_name → route_config/r",
		"listener/l " + chain + root + " → secret/root",
		"listener/l " + chain + own + " → secret/own",
		"listener/l filter_chains[1].filters[0].typed_config.weighted_clusters.clusters[0].name → cluster/w0",
		"listener/l filter_chains[1].filters[0].typed_config.weighted_clusters.clusters[1].name → cluster/w1",
		"listener/l filter_chains[2].filters[0].typed_config.scoped_routes.scoped_route_configurations_list." +
			"scoped_route_configurations[0].route_configuration_name → route_config/scoped",
		"route_config/r virtual_hosts[0].request_mirror_policies[0].cluster → cluster/vhost-mirror",
		"route_config/r virtual_hosts[0].routes[0].route.cluster → cluster/a",
		"route_config/r virtual_hosts[0].routes[0].route.request_mirror_policies[0].cluster → cluster/mirror",
		"route_config/r virtual_hosts[0].routes[1].route.weighted_clusters.clusters[0].name → cluster/b",
		"route_config/r virtual_hosts[0].routes[1].route.weighted_clusters.clusters[1].name → cluster/a",
	}
	equalStrings(t, "references", lines(s.References()), want)
	missing := []string{want[0], want[2], want[3], want[5], want[7], want[8], want[9], want[10], want[11], want[12], want[14]}
	equalStrings(t, "missing", lines(s.Missing()), missing)
	r, _ := s.RouteConfigurations().Get("r")
	equalStrings(t, "of one resource", lines(ReferencesOf(r)), want[12:])
	if got := ReferencesOf(s.Node()); got != nil {
		t.Errorf("a node refers to %v, want nothing", got)
	}
}

func lines(references []Reference) []string {
	var all []string
	for _, r := range references {
		all = append(all, fmt.Sprintf("%s %s → %s", r.From, r.Field, r.Kind.path(r.Name)))
	}
	return all
}

// What istiod sends is closed under reference, but for the secrets, which the proxy's own agent serves.
func TestCapturesLackOnlySecrets(t *testing.T) {
	whole := captures(t)[2:] // those in testdata are trimmed
	if len(whole) == 0 {
		t.Skip("the captures are absent")
	}
	for _, c := range whole {
		for _, r := range decode(t, readFile(t, c.dump)).Missing() {
			if r.Kind != Secret {
				t.Errorf("%s: %+v is missing", c.name, r)
			}
		}
	}
}
