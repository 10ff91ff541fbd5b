package snapshot

import (
	"testing"

	udpatypev1 "github.com/cncf/xds/go/udpa/type/v1"
	xdstypev3 "github.com/cncf/xds/go/xds/type/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// What a newer Envoy knows and this program does not is left out of the resource, with a note each, and the rest is kept.
func TestUnknownFieldsAndValues(t *testing.T) {
	const left = ": the field is unknown and left out"
	for _, test := range []struct {
		name, text string
		notes      []string
	}{
		{"first, middle, last", `{"new1":{"a":[1,"}"]},"name":"a","new2":null,"type":"EDS","new3":1}`,
			[]string{"cluster/a new1" + left, "cluster/a new2" + left, "cluster/a new3" + left}},
		{"neighbours", `{"new1":1,"new2":2,"name":"a","new3":3,"new4":4,"type":"EDS"}`,
			[]string{"cluster/a new1" + left, "cluster/a new2" + left, "cluster/a new3" + left, "cluster/a new4" + left}},
		{"in camelCase", `{"name":"a","type":"EDS","newField":1}`, []string{"cluster/a new_field" + left}},
		{"in a list", `{"name":"a","type":"EDS","health_checks":[{"timeout":"1s"},{"new":{}}]}`,
			[]string{"cluster/a health_checks[1].new" + left}},
		{"the only member", `{"name":"a","type":"EDS","eds_cluster_config":{"new":1}}`,
			[]string{"cluster/a eds_cluster_config.new" + left}},
		{"enum value", `{"name":"a","lb_policy":"NEWEST","type":"EDS"}`,
			[]string{`cluster/a lb_policy: the value "NEWEST" is unknown and left out, as if it were not set`}},
		{"enum value in a list", `{"name":"a","type":"EDS","common_lb_config":{"override_host_status":{"statuses":["X","HEALTHY"]}}}`,
			[]string{`cluster/a common_lb_config.override_host_status.statuses[0]: ` +
				`the value "X" is unknown and left out, as if it were not set`}},
		{"in a map", `{"name":"a","type":"EDS","typed_extension_protocol_options":{"x.y":{
			"@type":"type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions","new":1}}}`,
			[]string{"cluster/a typed_extension_protocol_options[x.y].new" + left}},
		{"not in a Struct", `{"name":"a","type":"EDS","metadata":{"filter_metadata":{"new":{"new":[{"new":1}]}}}}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := decode(t, `{"configs":[{"static_clusters":[{"cluster":`+test.text+`}]}]}`)
			equalStrings(t, "notes", notes(s), test.notes)
			if c, ok := s.Clusters().Get("a"); !ok || c.GetType() != clusterv3.Cluster_EDS {
				t.Errorf("got %v, want the cluster a of type EDS", c)
			}
		})
	}
}

func TestAnysOfUnknownTypes(t *testing.T) {
	config := func(typedConfig string) string {
		return `{"configs":[{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{},{"filters":[{
			"name":"hcm","typed_config":{"http_filters":[{"name":"f","typed_config":` + typedConfig + `}],"stat_prefix":"p",
			"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
			}}]}]}}}]}]}`
	}
	const path = "listener/l filter_chains[1].filters[0].typed_config.http_filters[0].typed_config"
	const unknown = path + `: the type "example.com/x.Y" is unknown; its content is kept as an xds.type.v3.TypedStruct`
	for _, test := range []struct {
		name, any string
		want      string // the content of the TypedStruct
		notes     []string
	}{
		{"type first", `{"@type":"example.com/x.Y","a":1,"b":{"@type":"z"}}`, `{"a":1,"b":{"@type":"z"}}`, []string{unknown}},
		{"type in the middle", `{"a":1,"@type":"example.com/x.Y","b":[]}`, `{"a":1,"b":[]}`, []string{unknown}},
		{"type last", `{"a":1,"b":"\"}","@type":"example.com/x.Y"}`, `{"a":1,"b":"\"}"}`, []string{unknown}},
		{"type alone", `{"@type":"example.com/x.Y"}`, `{}`, []string{unknown}},
		{"a TypedStruct from the start", `{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","type_url":"example.com/x.Y",
			"value":{"a":1}}`, `{"a":1}`, nil},
		{"a TypedStruct of the older kind", `{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct",
			"type_url":"example.com/x.Y","value":{"a":1}}`, `{"a":1}`, nil},
		{"a TypedStruct with an unknown field", `{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","new":1,
			"type_url":"example.com/x.Y","value":{"a":1}}`, `{"a":1}`, []string{path + ".new: the field is unknown and left out"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := decode(t, config(test.any))
			equalStrings(t, "notes", notes(s), test.notes)
			l, _ := s.Listeners().Get("l")
			hcm := &hcmv3.HttpConnectionManager{}
			if err := l.GetFilterChains()[1].GetFilters()[0].GetTypedConfig().UnmarshalTo(hcm); err != nil {
				t.Fatal(err)
			}
			if hcm.GetStatPrefix() != "p" {
				t.Errorf("stat_prefix: got %q, want p", hcm.GetStatPrefix())
			}
			url, got := typedStruct(t, hcm.GetHttpFilters()[0].GetTypedConfig())
			if url != "example.com/x.Y" || !sameJSON(t, got, test.want) {
				t.Errorf("got %s %s, want %s", url, got, test.want)
			}
		})
	}
}

// typedStruct opens a TypedStruct of either kind.
func typedStruct(t *testing.T, a *anypb.Any) (url, content string) {
	t.Helper()
	m, err := a.UnmarshalNew()
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	switch s := m.(type) {
	case *xdstypev3.TypedStruct:
		url = s.GetTypeUrl()
		b, err = s.GetValue().MarshalJSON()
	case *udpatypev1.TypedStruct:
		url = s.GetTypeUrl()
		b, err = s.GetValue().MarshalJSON()
	default:
		t.Fatalf("got %T, want a TypedStruct", m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return url, string(b)
}

// Tools that redact by hand put the word where bytes should stand in base64.
func TestRedactedSecretsDecode(t *testing.T) {
	for _, key := range []string{`{"inline_string":"[redacted]"}`, `{"inline_bytes":"W3JlZGFjdGVkXQ=="}`,
		`{"inline_bytes":"[redacted]"}`, `{"filename":"[redacted]"}`} {
		s := decode(t, `{"dynamic_active_secrets":[{"name":"s","secret":{"@type":
			"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"s",
			"tls_certificate":{"private_key":`+key+`}}}]}`)
		secret, _ := s.Secrets().Get("s")
		k := secret.GetTlsCertificate().GetPrivateKey()
		if got := k.GetInlineString() + string(k.GetInlineBytes()) + k.GetFilename(); got != "[redacted]" || len(s.Notes()) > 0 {
			t.Errorf("%s: got %q with notes %v", key, got, s.Notes())
		}
	}
}
