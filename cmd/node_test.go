package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/amesh-render/amesh-render/render"
)

// injected is the environment that Istio's injector gives to a proxy.
var injected = map[string]string{
	"POD_NAME":                         "productpage-v1-5d4",
	"POD_NAMESPACE":                    "shop",
	"INSTANCE_IP":                      "10.244.1.7",
	"SERVICE_ACCOUNT":                  "bookinfo-productpage",
	"ISTIO_META_CLUSTER_ID":            "Kubernetes",
	"ISTIO_META_MESH_ID":               "cluster.local",
	"ISTIO_META_INTERCEPTION_MODE":     "REDIRECT",
	"ISTIO_META_ISTIO_VERSION":         "1.31.0",
	"ISTIO_METAJSON_LABELS":            `{"app":"productpage","version":"v1","pod-template-hash":"5d4"}`,
	"ISTIO_METAJSON_METRICS_INCLUSION": `{"sidecar.istio.io/statsInclusionPrefixes":"cluster"}`,
	"ISTIO_METAJSON_NOTHING":           `null`,
	"PATH":                             "/usr/bin",
}

func TestNode(t *testing.T) {
	labels := fileOf(t, "app=\"web\"\nversion=\"v\\\"2\"\n\npod-template-hash=\"5d4\"\n")
	for _, test := range []struct {
		name     string
		flags    nodeFlags
		role     render.Role
		env      map[string]string
		id       string
		metadata string // JSON
	}{
		{"by the injector's environment", nodeFlags{}, "", injected,
			"sidecar~10.244.1.7~productpage-v1-5d4.shop~shop.svc.cluster.local",
			`{"NAME":"productpage-v1-5d4","NAMESPACE":"shop","SERVICE_ACCOUNT":"bookinfo-productpage","INSTANCE_IPS":"10.244.1.7",
			"CLUSTER_ID":"Kubernetes","MESH_ID":"cluster.local","INTERCEPTION_MODE":"REDIRECT","ISTIO_VERSION":"1.31.0",
			"LABELS":{"app":"productpage","version":"v1"},"sidecar.istio.io/statsInclusionPrefixes":"cluster"}`},
		{"by flags, which win over the environment",
			nodeFlags{pod: "web", namespace: "ns", ips: "10.0.0.1, fd00::1", serviceAccount: "sa", clusterID: "c", meshID: "m",
				domain: "corp.example", labelsFile: labels},
			render.Gateway, map[string]string{"POD_NAME": "x", "POD_NAMESPACE": "x", "INSTANCE_IP": "x", "SERVICE_ACCOUNT": "x",
				"ISTIO_META_CLUSTER_ID": "x", "ISTIO_META_NAME": "x", "ISTIO_METAJSON_LABELS": `{"app":"x","team":"y"}`},
			"router~10.0.0.1~web.ns~ns.svc.corp.example",
			`{"NAME":"web","NAMESPACE":"ns","SERVICE_ACCOUNT":"sa","INSTANCE_IPS":"10.0.0.1,fd00::1","CLUSTER_ID":"c","MESH_ID":"m",
			"LABELS":{"app":"web","version":"v\"2","team":"y"}}`},
		{"by a node id, whatever the environment", nodeFlags{id: "router~fd00::1~a.b.istio-system~istio-system.svc.cluster.local"},
			"", map[string]string{"POD_NAME": "x", "POD_NAMESPACE": "x", "INSTANCE_IP": "x"},
			"router~fd00::1~a.b.istio-system~istio-system.svc.cluster.local",
			`{"NAME":"a.b","NAMESPACE":"istio-system","INSTANCE_IPS":"fd00::1"}`},
		{"a node id and its role", nodeFlags{id: "sidecar~1.2.3.4~a.b~b.svc.cluster.local"}, render.Sidecar, nil,
			"sidecar~1.2.3.4~a.b~b.svc.cluster.local", `{"NAME":"a","NAMESPACE":"b","INSTANCE_IPS":"1.2.3.4"}`},
		{"labels without a file", nodeFlags{id: "sidecar~1.2.3.4~a.b~b.svc.x", labelsFile: fileOf(t, "")}, "",
			map[string]string{"ISTIO_METAJSON_LABELS": "null"},
			"sidecar~1.2.3.4~a.b~b.svc.x", `{"NAME":"a","NAMESPACE":"b","INSTANCE_IPS":"1.2.3.4"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			node, err := test.flags.nodeIn(test.env, test.role)
			if err != nil {
				t.Fatal(err)
			}
			if node.GetId() != test.id {
				t.Errorf("got id %s, want %s", node.GetId(), test.id)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(test.metadata), &want); err != nil {
				t.Fatal(err)
			}
			if got := node.GetMetadata().AsMap(); !reflect.DeepEqual(got, want) {
				t.Errorf("got metadata\n %v, want\n %v", got, want)
			}
		})
	}
}

func TestNodeRefuses(t *testing.T) {
	with := func(key, value string) map[string]string {
		return map[string]string{"POD_NAME": "p", "POD_NAMESPACE": "n", "INSTANCE_IP": "1.2.3.4", key: value}
	}
	for _, test := range []struct {
		name  string
		flags nodeFlags
		role  render.Role
		env   map[string]string
		want  string
	}{
		{"nothing known", nodeFlags{}, "", nil, "the control plane must know whose configuration to send: no pod name (--pod-name " +
			"or POD_NAME), no namespace (--pod-namespace or POD_NAMESPACE), no address (--instance-ip or INSTANCE_IP)"},
		{"no address", nodeFlags{}, "", with("INSTANCE_IP", ""),
			"the control plane must know whose configuration to send: no address (--instance-ip or INSTANCE_IP)"},
		{"a host name", nodeFlags{}, "", with("INSTANCE_IP", "localhost"), `"localhost" is not an IP address`},
		{"an address with a zone", nodeFlags{ips: "fe80::1%eth0"}, "", with("", ""), `"fe80::1%eth0" is not an IP address`},
		{"half a list", nodeFlags{ips: "1.2.3.4,"}, "", with("", ""), `"" is not an IP address`},
		{"a pod that would end the field", nodeFlags{pod: "a~b"}, "", with("", ""), `"a~b" cannot be a pod's name`},
		{"a namespace with a dot", nodeFlags{namespace: "a.b"}, "", with("", ""), `"a.b" cannot be a namespace`},
		{"a domain with a space", nodeFlags{domain: "a b"}, "", with("", ""), `"n.svc.a b" cannot be a DNS domain`},
		{"node id and parts of it", nodeFlags{id: "sidecar~1.2.3.4~a.b~b.svc.x", pod: "a"}, "", nil,
			"--node-id says pod name, namespace, address and domain; give either it or them"},
		{"a word", nodeFlags{id: "me"}, "", nil, `node id "me": it is not of the form TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN`},
		{"another proxy", nodeFlags{id: "ztunnel~1.2.3.4~a.b~b.svc.x"}, "", nil,
			`node id "ztunnel~1.2.3.4~a.b~b.svc.x": its type is "ztunnel": expected sidecar, or router for a gateway`},
		{"a type that crashes istiod", nodeFlags{id: "agentgateway~1.2.3.4~a.b~b.svc.x"}, "", nil,
			`node id "agentgateway~1.2.3.4~a.b~b.svc.x": its type is "agentgateway": expected sidecar, or router for a gateway`},
		{"another role", nodeFlags{id: "sidecar~1.2.3.4~a.b~b.svc.x"}, render.Gateway, nil,
			`node id "sidecar~1.2.3.4~a.b~b.svc.x": its type is "sidecar", but the role is gateway`},
		{"no namespace in the id", nodeFlags{id: "sidecar~1.2.3.4~a~b.svc.x"}, "", nil,
			`node id "sidecar~1.2.3.4~a~b.svc.x": "a" is not of the form POD.NAMESPACE`},
		{"no address in the id", nodeFlags{id: "sidecar~~a.b~b.svc.x"}, "", nil, `node id "sidecar~~a.b~b.svc.x": "" is not an IP address`},
		{"no domain in the id", nodeFlags{id: "sidecar~1.2.3.4~a.b~"}, "", nil, `node id "sidecar~1.2.3.4~a.b~": "" cannot be a DNS domain`},
		{"metadata that is no object", nodeFlags{}, "", with("ISTIO_METAJSON_X", "[1]"),
			"node metadata: ISTIO_METAJSON_X is not a JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}"},
		{"labels that are no strings", nodeFlags{}, "", with("ISTIO_METAJSON_LABELS", `{"a":1}`), "node metadata: labels: " +
			"ISTIO_METAJSON_LABELS is not a JSON object of strings: json: cannot unmarshal number into Go value of type string"},
		{"metadata that is no text", nodeFlags{}, "", with("ISTIO_META_X", "\xff"), "node metadata: ISTIO_META_X is not UTF-8"},
		{"labels in no file", nodeFlags{labelsFile: "/nowhere"}, "", with("", ""),
			"node metadata: labels: open /nowhere: no such file or directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			node, err := test.flags.nodeIn(test.env, test.role)
			if err == nil {
				t.Fatalf("got %v, want the error %s", node, test.want)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

func TestLabelsFile(t *testing.T) {
	for _, text := range []string{"app", "app=web", `="x"`, `app="x`} {
		if labels, err := parseLabels(text); err == nil {
			t.Errorf("%s: got %v, want an error", text, labels)
		}
	}
}

// fileOf writes a file of the test's own.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
