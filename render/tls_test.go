package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

const tlsDump = `
{"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": "http",
 "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}, "filter_chains": [{"filters": [{"name": "http", "typed_config": {
  "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  "route_config": {"name": "r", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"}}]}]}}}]}]}
{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "c", "type": "STATIC",
 "load_assignment": {"cluster_name": "c", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 443}}}}]}]},
 "transport_socket": {"name": "tls", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", %s}}}
`

// TestVerifiedEndpointsAreRefused: APISIX does not verify certificates, so whatever makes Envoy verify one must keep
// requests away, unless the user says otherwise.
func TestVerifiedEndpointsAreRefused(t *testing.T) {
	const common, context = `"common_tls_context": {%s}`, `"common_tls_context": {"validation_context": {%s}}`
	for _, tt := range []struct {
		tls      string
		verifies bool
	}{
		{`"sni": "x"`, false},
		{fmt.Sprintf(common, ``), false},
		{fmt.Sprintf(context, ``), false},
		{fmt.Sprintf(context, `"allow_expired_certificate": true`), false},
		{fmt.Sprintf(context, `"trusted_ca": {"filename": "/ca"}, "trust_chain_verification": "ACCEPT_UNTRUSTED"`), false},
		{`"auto_sni_san_validation": true`, true},
		{fmt.Sprintf(context, `"trusted_ca": {"filename": "/ca"}`), true},
		{fmt.Sprintf(context, `"trusted_ca": {"inline_string": "x"}`), true},
		{fmt.Sprintf(context, `"system_root_certs": {}`), true},
		{fmt.Sprintf(context, `"ca_certificate_provider_instance": {"instance_name": "x"}`), true},
		{fmt.Sprintf(context, `"verify_certificate_hash": ["ab"]`), true},
		{fmt.Sprintf(context, `"verify_certificate_spki": ["ab"]`), true},
		{fmt.Sprintf(context, `"match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "x"}}]`), true},
		{fmt.Sprintf(context, `"match_subject_alt_names": [{"exact": "x"}], "trust_chain_verification": "ACCEPT_UNTRUSTED"`), true},
		{fmt.Sprintf(context, `"custom_validator_config": {"name": "envoy.tls.cert_validator.spiffe"}`), true},
		{fmt.Sprintf(common, `"validation_context_sds_secret_config": {"name": "ROOTCA"}`), true},
		{fmt.Sprintf(common, `"combined_validation_context": {"default_validation_context": {}, "validation_context_sds_secret_config": {"name": "x"}}`), true},
		{fmt.Sprintf(common, `"combined_validation_context": {"default_validation_context": {"verify_certificate_hash": ["ab"]}}`), true},
	} {
		s, err := snapshot.Decode(snapshot.Source{Name: "tls", Reader: strings.NewReader(fmt.Sprintf(tlsDump, tt.tls))})
		if err != nil {
			t.Fatalf("%s: %v", tt.tls, err)
		}
		for mode, calls := range map[render.UpstreamTLS]bool{
			"": !tt.verifies, render.UpstreamTLSRefuse: !tt.verifies, render.UpstreamTLSVerified: true, render.UpstreamTLSUnverified: true,
		} {
			r := render.Render(s, render.Options{UpstreamTLS: mode})
			up := r.Config.Upstreams[0]
			if called := len(up.Nodes) > 0; called != calls {
				t.Errorf("%s: with %q, is the endpoint called? got %v, want %v", tt.tls, mode, called, calls)
			}
			if up.Scheme != "https" && len(up.Nodes) > 0 {
				t.Errorf("%s: with %q, the endpoint is called by %q", tt.tls, mode, up.Scheme)
			}
			if told := tells(r.Findings(), "common_tls_context"); told != tt.verifies {
				t.Errorf("%s: with %q, is there a finding? got %v, want %v: %v", tt.tls, mode, told, tt.verifies, r.Findings())
			}
		}
	}
}

// tells reports whether a finding's field ends so.
func tells(findings []render.Finding, field string) bool {
	for _, f := range findings {
		if strings.HasSuffix(f.Field, field) {
			return true
		}
	}
	return false
}
