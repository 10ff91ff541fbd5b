package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/internal/schematest"
	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files; then read the diff")

// TestGolden renders every case in testdata: in.json or in.yaml is a dump, options.json, if there, what differs from the
// default options; plugins.yaml and overlay.yaml what users add; want.yaml is the file that APISIX would read, findings.txt what it does not express. Every case also
// holds up the laws of rendering.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/in.*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, in := range cases {
		dir := filepath.Dir(in)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			snap, options := readCase(t, in)
			before := resources(t, snap)
			result := render.Render(snap, options)
			text := apisix.Encode(result.Config, apisix.EncodeOptions{})
			compare(t, filepath.Join(dir, "want.yaml"), string(text))
			compare(t, filepath.Join(dir, "findings.txt"), findingsText(result.Findings()))

			checkLoads(t, result.Config)
			if !bytes.Equal(before, resources(t, snap)) {
				t.Error("rendering has modified the snapshot")
			}
			for seed := range uint64(3) {
				again := render.Render(shuffled(t, snap, seed), options)
				if got := apisix.Encode(again.Config, apisix.EncodeOptions{}); !bytes.Equal(got, text) {
					t.Errorf("shuffled with seed %d, the same resources render otherwise", seed)
				}
				if !slices.Equal(again.Findings(), result.Findings()) {
					t.Errorf("shuffled with seed %d, the same resources have other findings", seed)
				}
			}
		})
	}
}

func readCase(t testing.TB, path string) (*snapshot.Snapshot, render.Options) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	snap, err := snapshot.Decode(snapshot.Source{Name: path, Reader: file})
	if err != nil {
		t.Fatal(err)
	}
	var options render.Options
	if text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "options.json")); err == nil {
		if err := json.Unmarshal(text, &options); err != nil {
			t.Fatal(err)
		}
	}
	options.Plugins = readUserFiles(t, filepath.Dir(path))
	return snap, options
}

// readUserFiles reads what users add: the AmeshPluginConfigs in plugins.yaml, and overlay.yaml, where they are.
func readUserFiles(t testing.TB, dir string) *plugins.Set {
	t.Helper()
	set := &plugins.Set{}
	if text, err := os.ReadFile(filepath.Join(dir, "plugins.yaml")); err == nil {
		file, err := plugins.Parse("plugins.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		set.Files = append(set.Files, file)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "overlay.yaml")); err == nil {
		overlay, err := plugins.ParseOverlay("overlay.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		set.Overlays = append(set.Overlays, overlay)
	}
	return set
}

// compare checks text against a golden file, or rewrites the file.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "(end)", "(end)"
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s:%d:\n got %s\nwant %s", path, i+1, g, w)
		}
	}
}

func findingsText(findings []render.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s\n    %s\n    %s\n", f.Severity, f.Resource, f.Field, f.Message)
	}
	return b.String()
}

// checkLoads checks that APISIX would load every object, by our own rules and by its schemas.
func checkLoads(t *testing.T, config *apisix.Config) {
	t.Helper()
	for _, format := range []apisix.Format{apisix.Block, apisix.Lines, apisix.JSON} {
		for _, p := range config.Validate(format) {
			t.Errorf("as %v: %v", format, p)
		}
	}
	for _, err := range schematest.Patterns(config) {
		t.Error(err)
	}
	t.Run("schema", func(t *testing.T) { schematest.Load(t).Check(t, config) })
}

// shuffled is the same snapshot, built from resources that arrive in another order and are equal but not identical.
func shuffled(t *testing.T, s *snapshot.Snapshot, seed uint64) *snapshot.Snapshot {
	t.Helper()
	list := mutate.Resources(s)
	rng := rand.New(rand.NewPCG(seed, 0))
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	b := snapshot.NewBuilder()
	b.SetNode(s.Node())
	for _, m := range list {
		if err := b.Put(proto.Clone(m)); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range s.Notes() {
		b.Note(n)
	}
	return b.Snapshot()
}

// resources is the text of all resources of a snapshot, for comparison.
func resources(t *testing.T, s *snapshot.Snapshot) []byte {
	t.Helper()
	var text []byte
	for _, m := range mutate.Resources(s) {
		var err error
		if text, err = (proto.MarshalOptions{Deterministic: true}).MarshalAppend(text, m); err != nil {
			t.Fatal(err)
		}
	}
	return text
}
