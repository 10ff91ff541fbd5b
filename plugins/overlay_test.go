package plugins_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

var node = plugins.Node{ID: "sidecar~10.0.0.1~shop-0.default~d", Cluster: "shop", Role: "sidecar", Name: "shop-0", Namespace: "default",
	ServiceAccount: "sa", IPs: []string{"10.0.0.1", "::1"}, Labels: map[string]string{"app": `Sh"op`},
	Metadata: map[string]any{"CLUSTER_ID": "Kubernetes"}, OutboundPort: 15001, InboundPort: 15006}

func expand(t *testing.T, text string) (map[string][]apisix.Object, []plugins.Problem) {
	t.Helper()
	o, err := plugins.ParseOverlay("o.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sections, problems, err := o.Expand(node)
	if err != nil {
		t.Fatal(err)
	}
	return sections, problems
}

func TestOverlayFunctions(t *testing.T) {
	for text, want := range map[string]any{
		`{{ .node.id }}`: "sidecar~10.0.0.1~shop-0.default~d",
		`{{ .node.name }}/{{ .node.namespace }}/{{ .node.role }}/{{ .node.cluster }}/{{ .node.serviceAccount }}`: "shop-0/default/sidecar/shop/sa",
		`{{ quote .node.labels.app }}`:                                             `Sh"op`,
		`{{ .node.labels.app | lower | quote }}`:                                   `sh"op`,
		`{{ .node.labels.none | default "x" | upper }}`:                            "X",
		`{{ quote .node.metadata.NONE }}`:                                          "",
		`{{ .node.metadata.NONE | default 7 }}`:                                    7,
		`{{ .node.metadata.CLUSTER_ID | trimPrefix "Kube" | trimSuffix "tes" }}`:   "rne",
		`{{ toJson .node.ips }}`:                                                   []any{"10.0.0.1", "::1"},
		`{{ toJson (split "." "a.b") }}`:                                           []any{"a", "b"},
		`{{ join "+" .node.ips | quote }}`:                                         "10.0.0.1+::1",
		`{{ replace "." "-" "a.b.c" }}`:                                            "a-b-c",
		`{{ and (hasPrefix "a" "ab") (hasSuffix "b" "ab") (contains "b" "abc") }}`: true,
		"|\n{{ indent 6 \"a\\nb\" }}":                                              "a\nb\n",
		`{{ trim " a " }}{{ .node.outboundPort }}{{ .node.inboundPort }}`:          "a1500115006",
	} {
		sections, _ := expand(t, "protos:\n- id: p\n  content: "+text+"\n")
		if got := sections["protos"][0]["content"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", text, got, want)
		}
	}
}

func TestOverlayKnowsNoEnvironment(t *testing.T) {
	t.Setenv("SECRET", "s3cr3t")
	for _, text := range []string{`{{ env "SECRET" }}`, `{{ getenv "SECRET" }}`, `{{ expandenv "$SECRET" }}`, `{{ now }}`} {
		if _, err := plugins.ParseOverlay("o", []byte(text)); err == nil || !strings.Contains(err.Error(), "not defined") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestOverlayErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a\n{{ if }}":                     "o.yaml:2: missing value for if",
		"{{ nothing }}":                   `o.yaml:1: function "nothing" not defined`,
		"a: [":                            "o.yaml: once it is filled in, it is not YAML: did not find expected node content (line 1 of what it is then)",
		"routes: {id: a}":                 "o.yaml:1: routes: is a mapping, not a list of objects",
		"routes: [a]":                     `o.yaml:1: routes[0]: is "a", not an object`,
		"routes: [{id: ~}]":               "o.yaml:1: routes[0].id: is null, which APISIX would take for an empty table",
		"- a":                             "o.yaml:1: is a list, not a mapping",
		"\nx: {{ .node.metadata.NONE }}":  "o.yaml: there is no value for what is on line 2 once it is filled in; give it one by default",
		"{{ lower 1 }}":                   "o.yaml:1: <1>: expected string; found 1",
		"{{ range 9999999999 }}{{ end }}": "the template does not come to an end",
		"{{ if true }}{{ range 9999999999 }}{{ end }}{{ end }}": "the template does not come to an end",
		`{{ define "a" }}{{ template "b" }}{{ template "b" }}{{ end }}{{ define "b" }}{{ range 2000 }}{{ template "c" }}{{ end }}{{ end }}` +
			`{{ define "c" }}{{ range 2000 }}{{ end }}{{ end }}{{ template "a" }}`: "the template does not come to an end",
		"{{ range 9999999 }}" + strings.Repeat("x", 400) + "{{ end }}":                                               "the text is longer than",
		`{{ $a := "x" }}{{ range 60 }}{{ $a = print $a $a }}{{ end }}`:                                               "becomes longer than",
		`{{ $a := "x" }}{{ range 60 }}{{ $a = printf "%s%[1]s" $a }}{{ end }}`:                                       "becomes longer than",
		`{{ $a := "x" }}{{ range 60 }}{{ $a = $a | replace "x" "xx" }}{{ end }}`:                                     "becomes longer than",
		`{{ $a := "<" }}{{ range 60 }}{{ $a = html $a }}{{ end }}{{ range 60 }}{{ $a = js (print $a $a) }}{{ end }}`: "becomes longer than",
		`{{ $a := "\n" }}{{ range 60 }}{{ $a = indent 100 (print $a $a) }}{{ end }}`:                                 "becomes longer than",
		`{{ $a := "\"" }}{{ range 60 }}{{ $a = quote $a }}{{ end }}`:                                                 "becomes longer than",
		`{{ printf "%99999d" 1 }}`:   "a width or a precision is of more than three digits",
		`{{ printf "%*d" 99999 1 }}`: "a width or a precision is of more than three digits",
	} {
		o, err := plugins.ParseOverlay("o.yaml", []byte(text))
		if err == nil {
			_, _, err = o.Expand(node)
		}
		var e *plugins.Error
		if !errors.As(err, &e) || !strings.Contains(e.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestOverlayIDs: APISIX drops an object whose id it does not take.
func TestOverlayIDs(t *testing.T) {
	o, err := plugins.ParseOverlay("o.yaml", []byte(`{routes: [{id: "a b"}, {id: a.b-c_1}, {id: 7}, {id: "`+strings.Repeat("a", 65)+
		`"}], secrets: [{id: vault/1}, {id: vault/}], consumers: [{username: "a b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	sections, problems, err := o.Expand(node)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	if err != nil || len(sections["routes"]) != 2 || len(sections["secrets"]) != 1 || len(sections["consumers"]) != 1 ||
		!reflect.DeepEqual(fields, []string{"routes[0]", "routes[3]", "secrets[1]"}) {
		t.Errorf("%v, %v, %v", sections, problems, err)
	}
}

func FuzzOverlay(f *testing.F) {
	f.Add("routes:\n- {id: {{ quote .node.name }}, uri: /*}\n")
	f.Add(`{{ range .node.ips }}{{ . | default "x" | toJson }}{{ else }}{{ with .node.labels }}{{ .app }}{{ end }}{{ end }}`)
	f.Add("a: &a [*a]\nroutes: [{id: 1, <<: {uri: /}}]")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := plugins.ParseOverlay("o", []byte(text))
		if err != nil {
			return
		}
		sections, _, err := o.Expand(node)
		again, _, _ := o.Expand(node)
		if err == nil && !reflect.DeepEqual(sections, again) {
			t.Error("the same template is two things for one node")
		}
		for section, objects := range sections {
			for _, object := range objects {
				if object.ID(section) == "" {
					t.Errorf("an object of %s has no id", section)
				}
			}
		}
	})
}
