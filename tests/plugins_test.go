package tests

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/internal/schematest"
	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// userFiles are what manifests and overlays hold.
func userFiles(t *testing.T, manifests, overlays []string) *plugins.Set {
	t.Helper()
	set := &plugins.Set{}
	read := func(path string) []byte {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, path := range manifests {
		file, err := plugins.Parse(path, read(path))
		if err != nil {
			t.Fatal(err)
		}
		set.Files = append(set.Files, file)
	}
	for _, path := range overlays {
		overlay, err := plugins.ParseOverlay(path, read(path))
		if err != nil {
			t.Fatal(err)
		}
		set.Overlays = append(set.Overlays, overlay)
	}
	return set
}

func bookinfoDump(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	file, err := os.Open("../examples/bookinfo/config_dump.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, err := snapshot.Decode(snapshot.Source{Name: file.Name(), Reader: file})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExamplePlugins puts each example on bookinfo: all of it has an effect, and APISIX would take what comes of it.
func TestExamplePlugins(t *testing.T) {
	manifests, err := filepath.Glob("../examples/plugins/*.yaml")
	if err != nil || len(manifests) < 6 {
		t.Fatalf("there are examples missing: %v", manifests)
	}
	overlays, err := filepath.Glob("../examples/plugins/overlays/*.yaml")
	if err != nil || len(overlays) == 0 {
		t.Fatal("there are no overlays")
	}
	s := bookinfoDump(t)
	for _, path := range append(manifests, overlays...) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			kinds := [2][]string{}
			kinds[min(1, slices.Index(overlays, path)+1)] = []string{path}
			set := userFiles(t, kinds[0], kinds[1])
			result := render.Render(s, render.Options{Plugins: set})
			for _, f := range result.Findings() {
				users := strings.HasPrefix(f.Resource, "plugin_config/") || strings.HasPrefix(f.Resource, "overlay/") || strings.HasPrefix(f.Resource, "file/")
				if users && f.Severity != render.Approximate {
					t.Errorf("%+v", f)
				}
			}
			if len(result.Config.Others) == 0 {
				t.Error("it has no effect on bookinfo")
			}
			for _, format := range []apisix.Format{apisix.Block, apisix.Lines, apisix.JSON} {
				for _, p := range result.Config.Validate(format) {
					t.Errorf("as %v: %v", format, p)
				}
			}
			schematest.Load(t).Check(t, result.Config)
		})
	}
}

// TestExamplesTogether puts all of them on bookinfo at once, in both orders of the files.
func TestExamplesTogether(t *testing.T) {
	manifests, err := filepath.Glob("../examples/plugins/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := bookinfoDump(t)
	render1 := render.Render(s, render.Options{Plugins: userFiles(t, manifests, nil)})
	slices.Reverse(manifests)
	render2 := render.Render(s, render.Options{Plugins: userFiles(t, manifests, nil)})
	a, b := apisix.Encode(render1.Config, apisix.EncodeOptions{}), apisix.Encode(render2.Config, apisix.EncodeOptions{})
	if string(a) != string(b) {
		t.Error("the order of the files changes what comes of them")
	}
	schematest.Load(t).Check(t, render1.Config)
}
