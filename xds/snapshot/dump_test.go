package snapshot

import (
	"errors"
	"io"
	"strings"
	"testing"

	xdstypev3 "github.com/cncf/xds/go/xds/type/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

func TestDumpsOfCapturesDecodeEqual(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			s := decode(t, readFile(t, c.dump))
			text := dump(t, s)
			again := decode(t, text)
			equal(t, again, s)
			if !proto.Equal(again.Node(), s.Node()) {
				t.Errorf("node: got %v, want %v", again.Node(), s.Node())
			}
			if dump(t, again) != text || dump(t, s) != text {
				t.Error("the same snapshot gives other bytes")
			}
			equal(t, decode(t, dump(t, decode(t, readFile(t, c.responses)))), s)
		})
	}
}

func TestDumpIsEnvoysFormat(t *testing.T) {
	s := decode(t, `{"bootstrap":{"node":{"id":"n"}}}`, `[`+clusterA+`,`+endpointsB+`,`+listenerL+`,`+routesR+`]`,
		`[{"name":"empty","virtual_hosts":[]}]`)
	want := `{
 "configs": [
  {
   "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
   "bootstrap": {
    "node": {
     "id": "n"
    }
   }
  },
  {
   "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
   "dynamic_active_clusters": [
    {
     "cluster": {
      "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
      "name": "a",
      "connect_timeout": "1s"
     }
    }
   ]
  },
  {
   "@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump",
   "dynamic_endpoint_configs": [
    {
     "version_info": "0",
     "endpoint_config": {
      "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
      "cluster_name": "b"
     }
    }
   ]
  },
  {
   "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
   "dynamic_listeners": [
    {
     "name": "l",
     "active_state": {
      "listener": {
       "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
       "name": "l",
       "bind_to_port": false
      }
     }
    }
   ]
  },
  {
   "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
   "dynamic_route_configs": [
    {
     "route_config": {
      "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
      "name": "empty"
     }
    },
    {
     "route_config": {
      "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
      "name": "r"
     }
    }
   ]
  }
 ]
}
`
	if got := dump(t, s); got != want {
		t.Errorf("got %s", got)
	}
	if got := dump(t, new(Snapshot)); got != "{\n \"configs\": [\n ]\n}\n" {
		t.Errorf("empty: got %q", got)
	}
}

const secrets = `{"dynamic_active_secrets":[
	{"name":"tls","secret":{"name":"tls","tls_certificate":{"certificate_chain":{"inline_string":"public"},
		"private_key":{"inline_string":"SESAME"},"password":{"inline_bytes":"U0VTQU1F"}}}},
	{"name":"file","secret":{"name":"file","tls_certificate":{"private_key":{"filename":"/etc/SESAME"}}}},
	{"name":"ticket","secret":{"name":"ticket","session_ticket_keys":{"keys":[{"inline_string":"SESAME"}]}}},
	{"name":"generic","secret":{"name":"generic","generic_secret":{"secret":{"inline_string":"SESAME"}}}},
	{"name":"root","secret":{"name":"root","validation_context":{"trusted_ca":{"inline_string":"public"}}}}],
 "dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[
	{"transport_socket":{"name":"tls","typed_config":{
		"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
		"common_tls_context":{"tls_certificates":[{"certificate_chain":{"inline_string":"public"},
			"private_key":{"inline_string":"SESAME"}}]}}}},
	{"transport_socket":{"name":"tls","typed_config":{"@type":"type.googleapis.com/xds.type.v3.TypedStruct",
		"type_url":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
		"value":{"common_tls_context":{"tlsCertificates":[{"certificate_chain":{"inline_string":"public"},
			"privateKey":{"inline_string":"SESAME","x":["SESAME",{"y":"SESAME"}]}}]}}}}}]}}}]}`

func TestSecretsAreRedacted(t *testing.T) {
	s := decode(t, secrets)
	tls, _ := s.Secrets().Get("tls")
	text := dump(t, s)
	if strings.Contains(text, "SESAME") || strings.Contains(text, "U0VTQU1F") {
		t.Errorf("a secret is in the dump: %s", text)
	}
	if got := strings.Count(text, `"public"`); got != 4 {
		t.Errorf("got %d public values in the dump, want 4: %s", got, text)
	}
	if got := tls.GetTlsCertificate().GetPrivateKey().GetInlineString(); got != "SESAME" {
		t.Errorf("the snapshot's own key is %q now, want it unchanged", got)
	}
	again := decode(t, text)
	tls, _ = again.Secrets().Get("tls")
	key := tls.GetTlsCertificate().GetPrivateKey().GetInlineString()
	password := tls.GetTlsCertificate().GetPassword().GetInlineBytes()
	if key != "[redacted]" || string(password) != "[redacted]" {
		t.Errorf("decoded again: got key %q and password %q", key, password)
	}
	if dump(t, again) != text {
		t.Error("a dump of the decoded dump is another one")
	}
}

// What came over the wire may hold types that this program does not know, in binary, at any depth.
func TestBinaryAnysSurviveADump(t *testing.T) {
	pack := func(m proto.Message) *anypb.Any {
		a := new(anypb.Any)
		if err := anypb.MarshalFrom(a, m, proto.MarshalOptions{Deterministic: true}); err != nil {
			t.Fatal(err)
		}
		return a
	}
	unknown := &anypb.Any{TypeUrl: "example.com/x.Y", Value: []byte{1, 2, 255, 0}}
	broken := &anypb.Any{TypeUrl: "type.googleapis.com/envoy.config.core.v3.Node", Value: []byte{255}}
	nameless := &anypb.Any{Value: []byte("x")}
	content, err := structpb.NewStruct(map[string]any{"a": 1, "@base64": "not ours: there is another field"})
	if err != nil {
		t.Fatal(err)
	}
	typedStruct := pack(&xdstypev3.TypedStruct{TypeUrl: "example.com/x.Z", Value: content})
	b := NewBuilder()
	put(t, b,
		&clusterv3.Cluster{Name: "a", TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"unknown": unknown, "broken": broken, "nameless": nameless, "struct": typedStruct, "empty": {},
			"nested": pack(&listenerv3.Filter{Name: "f", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: unknown}}),
		}},
		&listenerv3.Listener{Name: "l", FilterChains: []*listenerv3.FilterChain{{TransportSocket: &corev3.TransportSocket{
			ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: unknown}}}}})
	s := b.Snapshot()
	again := decode(t, dump(t, s))
	equal(t, again, s)
	equalStrings(t, "notes", notes(again), nil)
}

func TestDumpErrors(t *testing.T) {
	full := errors.New("disk full")
	r, w := io.Pipe()
	_ = r.CloseWithError(full)
	if err := decode(t, clusterA).WriteDump(w); !errors.Is(err, full) {
		t.Errorf("got %v, want the writer's error", err)
	}
	b := NewBuilder()
	put(t, b, &clusterv3.Cluster{Name: "a", Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
		"x": {Fields: map[string]*structpb.Value{"y": {}}}}}}) // a value without a kind has no JSON form
	if err := b.Snapshot().WriteDump(io.Discard); err == nil || !strings.HasPrefix(err.Error(), "write dump: cluster/a: ") {
		t.Errorf("got %v, want an error that names cluster/a", err)
	}
}
