package snapshot

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// capturesDir holds dumps of real proxies, outside this module. Tests that need it are skipped where it is absent.
const capturesDir = "../../../shared/captures"

// capture is one proxy's configuration in the two forms that were recorded of it.
type capture struct{ name, dump, responses string }

// captures are those in testdata, and all others where they exist.
func captures(t testing.TB) []capture {
	t.Helper()
	var all []capture
	for _, pattern := range []string{"testdata/*/config_dump.json", capturesDir + "/*/*/config_dump.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			dir := filepath.Dir(f)
			all = append(all, capture{strings.TrimPrefix(dir, capturesDir+"/"), f, filepath.Join(dir, "responses.json")})
		}
	}
	if len(all) < 2 {
		t.Fatalf("got %d captures, want those in testdata", len(all))
	}
	if _, err := os.Stat(capturesDir); err != nil {
		t.Log("captures are absent, only testdata is read:", err)
	}
	return all
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// source is a Source of that text.
func source(name, text string) Source { return Source{Name: name, Reader: strings.NewReader(text)} }

// decode decodes texts, each a source of its own.
func decode(t testing.TB, texts ...string) *Snapshot {
	t.Helper()
	var sources []Source
	for i, text := range texts {
		sources = append(sources, source(fmt.Sprintf("%d.json", i), text))
	}
	s, err := Decode(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// dump is what WriteDump writes.
func dump(t testing.TB, s *Snapshot) string {
	t.Helper()
	var b strings.Builder
	if err := s.WriteDump(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// contents lists the resources of a snapshot by path.
func contents(s *Snapshot) map[string]proto.Message {
	all := map[string]proto.Message{}
	addSet(all, Cluster, s.Clusters())
	addSet(all, Endpoints, s.Endpoints())
	addSet(all, Listener, s.Listeners())
	addSet(all, RouteConfiguration, s.RouteConfigurations())
	addSet(all, Secret, s.Secrets())
	return all
}

func addSet[T proto.Message](all map[string]proto.Message, k Kind, s Set[T]) {
	for name, m := range s.All() {
		all[k.path(name)] = m
	}
}

// paths are the paths of a snapshot's resources, sorted.
func paths(s *Snapshot) []string {
	var all []string
	for path := range contents(s) {
		all = append(all, path)
	}
	slices.Sort(all)
	return all
}

// equal fails the test unless both hold equal resources of the same names.
func equal(t testing.TB, got, want *Snapshot) {
	t.Helper()
	g, w := contents(got), contents(want)
	for path, m := range w {
		if other, ok := g[path]; !ok {
			t.Errorf("%s is missing", path)
		} else if !proto.Equal(other, m) {
			t.Errorf("%s differs: got %v, want %v", path, other, m)
		}
	}
	for path := range g {
		if _, ok := w[path]; !ok {
			t.Errorf("%s is there, want none", path)
		}
	}
}

func equalStrings(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// notes are a snapshot's notes, each as "resource field: message".
func notes(s *Snapshot) []string {
	var all []string
	for _, n := range s.Notes() {
		all = append(all, strings.TrimSpace(n.Resource+" "+n.Field)+": "+n.Message)
	}
	return all
}

// endless is a reader that repeats one byte and counts what has been read.
type endless struct {
	b    byte
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.b
	}
	e.read += len(p)
	return len(p), nil
}
