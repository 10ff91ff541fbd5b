package charts

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"sigs.k8s.io/yaml"
)

var charts = []string{"amesh", "amesh-gateway"}

// TestLint is "helm lint --strict".
func TestLint(t *testing.T) {
	for _, name := range charts {
		result := lint.RunAll(filepath.Join(chartsDir, name), nil, "default")
		for _, message := range result.Messages {
			if message.Severity >= support.WarningSev {
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}

// TestManifests decodes all that the charts render, as an API server would, and holds it against golden files.
func TestManifests(t *testing.T) {
	for _, name := range charts {
		var all strings.Builder
		files := mustTemplate(t, loadChart(t, name), name, "istio-ingress", nil)
		for _, file := range slices.Sorted(maps.Keys(files)) {
			if !strings.HasSuffix(file, ".txt") {
				decode(t, kindOf(t, files[file]), files[file])
			}
			all.WriteString("# " + file + "\n" + files[file] + "---\n")
		}
		if name == "amesh-gateway" { // of amesh, istiod-values.yaml is that
			compare(t, filepath.Join("testdata", name+".yaml"), all.String())
		}
	}
	for _, crd := range loadChart(t, "amesh").CRDObjects() {
		decode(t, "CustomResourceDefinition", string(crd.File.Data))
	}
}

// TestGatewayPod: of the gateway's pod holds what holds of sidecars, but for the interception.
func TestGatewayPod(t *testing.T) {
	p := podOf(t, decode(t, "Deployment", gateway(t, nil)["deployment.yaml"]))
	checkPod(t, p)
	if p.Spec.AutomountServiceAccountToken == nil || *p.Spec.AutomountServiceAccountToken {
		t.Error("the pod has a token for Kubernetes' API, which it does not need")
	}
	if p.Labels["sidecar.istio.io/inject"] != "false" {
		t.Error("a proxy would be injected into the proxy")
	}
	agent := containerOf(t, p.Spec, "amesh-agent")
	if !slices.Contains(agent.Args, "--role=gateway") {
		t.Errorf("%q is not for a gateway", agent.Args)
	}
}

func gateway(t testing.TB, values map[string]any) map[string]string {
	t.Helper()
	return mustTemplate(t, loadChart(t, "amesh-gateway"), "gateway", "istio-ingress", values)
}

// TestIstiodValues: the file for those who install Istio without our chart is what the chart says by default.
func TestIstiodValues(t *testing.T) {
	compare(t, filepath.Join(chartsDir, "amesh", "istiod-values.yaml"), istiodValues(t, nil))
}

// TestSchemaRefuses: mistakes are told, not passed over.
func TestSchemaRefuses(t *testing.T) {
	for _, c := range []struct{ chart, values string }{
		{"amesh", "agnet: {logLevel: debug}"},
		{"amesh", "agent: {loglevel: debug}"},
		{"amesh", "agent: {logLevel: loud}"},
		{"amesh", "apisix: {workers: none}"},
		{"amesh", "apisix: {set: [keepalive]}"},
		{"amesh", "init: {capabilities: [SYS_ADMIN]}"},
		{"amesh", "xds: {address: istiod:15012}"},
		{"amesh-gateway", "service: {ports: []}"},
		{"amesh-gateway", "service: {ports: [{name: http, port: 80, targetPort: 80, mode: http}]}"},
		{"amesh-gateway", "service: {ports: [{name: http, port: 80, targetPort: 9090, mode: http}]}"},
		{"amesh-gateway", "service: {type: Public}"},
		{"amesh-gateway", "autoscaling: {maxReplicas: many}"},
	} {
		var values map[string]any
		if err := yaml.Unmarshal([]byte(c.values), &values); err != nil {
			t.Fatal(err)
		}
		if _, err := template(loadChart(t, c.chart), "x", "default", values); err == nil {
			t.Errorf("%s takes %s", c.chart, c.values)
		}
	}
}

// TestVersions: both charts are of one release, that of the program.
func TestVersions(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(chartsDir, "..", "cmd", "version.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range charts {
		if version := loadChart(t, name).Metadata.AppVersion; !strings.Contains(string(source), `version = "`+version+`"`) {
			t.Errorf("the chart %s is for version %s, which is not the program's", name, version)
		}
	}
}
