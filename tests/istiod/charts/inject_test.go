package charts

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
)

// istioNamespace is where istiod is.
const istioNamespace = "istio-system"

// An injector is Istio's own, configured by its own chart.
type injector struct {
	templates inject.Templates
	values    inject.ValuesConfig
}

// newInjector installs Istio's chart with the values of our chart, and more.
func newInjector(t testing.TB, ours, istios map[string]any) injector {
	t.Helper()
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(istiodValues(t, ours)), &values); err != nil {
		t.Fatal(err)
	}
	for key, value := range istios {
		values[key] = value
	}
	manifests := mustTemplate(t, loadIstiod(t), "istiod", istioNamespace, values)
	var configMap corev1.ConfigMap
	strict(t, manifests["istiod-injector-configmap.yaml"], &configMap)
	config, err := inject.UnmarshalConfig([]byte(configMap.Data["config"]))
	if err != nil {
		t.Fatal(err)
	}
	forInjector, err := inject.NewValuesConfig(configMap.Data["values"])
	if err != nil {
		t.Fatal(err)
	}
	return injector{config.Templates, forInjector}
}

// istiodValues is what our chart says for istiod's.
func istiodValues(t testing.TB, values map[string]any) string {
	t.Helper()
	var configMap corev1.ConfigMap
	strict(t, mustTemplate(t, loadChart(t, "amesh"), "amesh", istioNamespace, values)["configmap.yaml"], &configMap)
	return configMap.Data["istiod-values.yaml"]
}

// inject is what becomes of a workload.
func (i injector) inject(t testing.TB, workload string) string {
	t.Helper()
	var out bytes.Buffer
	warn := func(text string) { t.Errorf("the injector warns: %s", text) }
	err := inject.IntoResourceFile(nil, i.templates, i.values, "", mesh.DefaultMeshConfig(), strings.NewReader(workload), &out, warn)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "---\n")
}

// workload is one of testdata.
func workload(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pod is the pod of an injected workload.
func pod(t testing.TB, text string) corev1.PodTemplateSpec {
	t.Helper()
	var kind struct{ Kind string }
	if err := yaml.Unmarshal([]byte(text), &kind); err != nil {
		t.Fatal(err)
	}
	o := decode(t, kind.Kind, text)
	return podOf(t, o)
}
