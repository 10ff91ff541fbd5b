// Package charts tests the Helm charts: what they render, what Istio's own injector makes of the template for pods, and
// that what is generated (istiod-values.yaml, the tables of values) is what its sources say. "go test ./charts -update"
// writes the golden files and all that is generated.
//
// It is in the module of the real istiod, as that brings Istio's charts, its injector and Helm's library.
package charts

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"istio.io/istio/manifests"
)

var update = flag.Bool("update", false, "write what is generated from the charts, and the golden files")

// chartsDir is where the charts are.
var chartsDir = filepath.Join("..", "..", "..", "charts")

// loadChart is one of our charts.
func loadChart(t testing.TB, name string) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir(filepath.Join(chartsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// loadIstiod is Istio's official chart of istiod.
func loadIstiod(t testing.TB) *chart.Chart {
	t.Helper()
	root, err := fs.Sub(manifests.BuiltinOrDir(""), "charts/istio-control/istio-discovery")
	if err != nil {
		t.Fatal(err)
	}
	var files []*archive.BufferedFile
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		files = append(files, &archive.BufferedFile{Name: name, Data: text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := loader.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// template is "helm template": the files that a chart renders, by their names below templates/.
func template(c *chart.Chart, release, namespace string, values map[string]any) (map[string]string, error) {
	options := common.ReleaseOptions{Name: release, Namespace: namespace, IsInstall: true}
	all, err := util.ToRenderValues(c, values, options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for name, text := range rendered {
		if text = strings.TrimSpace(text); text != "" {
			files[strings.TrimPrefix(name, c.Name()+"/templates/")] = text + "\n"
		}
	}
	return files, nil
}

func mustTemplate(t testing.TB, c *chart.Chart, release, namespace string, values map[string]any) map[string]string {
	t.Helper()
	files, err := template(c, release, namespace, values)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// compare holds a file against what it should be, or writes it.
func compare(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s:%d is not what it should be now; go test ./charts -update writes it, then read the difference\nis:     %s\nshould: %s",
				path, i+1, line(g, i), line(w, i))
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}
