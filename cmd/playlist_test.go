package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listing is the dumps of a playlist, the current one in brackets.
func listing(p *playlist) string {
	var all []string
	for i, path := range p.paths {
		name := filepath.Base(path)
		if i == p.at {
			name = "[" + name + "]"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func TestPlaylist(t *testing.T) {
	dir := t.TempDir()
	touch := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := &playlist{args: []string{filepath.Join(dir, "z.txt"), dir}}
	look := func(want string) {
		t.Helper()
		if err := p.look(); err != nil {
			t.Fatal(err)
		}
		if got := listing(p); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	next := func(want string, more bool) {
		t.Helper()
		if got := p.next(); got != more || listing(p) != want {
			t.Errorf("got %v, %s, want %v, %s", got, listing(p), more, want)
		}
	}
	if err := p.look(); err == nil || !strings.Contains(err.Error(), "holds no dumps") {
		t.Errorf("empty directory: got %v", err)
	}
	touch("b.json", "d.yaml", "c.json.gz", "README.md", "b.json~", ".b.json", "x.gz", "z.txt")
	if err := os.Mkdir(filepath.Join(dir, "e.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	look("[z.txt] b.json c.json.gz d.yaml")
	next("z.txt [b.json] c.json.gz d.yaml", true)
	next("z.txt b.json [c.json.gz] d.yaml", true)
	if got := p.String(); got != "3/4 c.json.gz" {
		t.Errorf("got %q", got)
	}
	touch("a.yml")
	look("z.txt a.yml b.json [c.json.gz] d.yaml")

	os.Remove(p.current())
	look("z.txt a.yml b.json [c.json.gz] d.yaml") // it is still what clients have
	os.Remove(filepath.Join(dir, "b.json"))
	look("z.txt a.yml [c.json.gz] d.yaml")
	next("z.txt a.yml c.json.gz [d.yaml]", true)
	look("z.txt a.yml [d.yaml]")
	next("z.txt a.yml [d.yaml]", false)
	p.loop = true
	next("[z.txt] a.yml d.yaml", true)
}

// A dump may be in the list twice: to go there and back.
func TestPlaylistWithRepetition(t *testing.T) {
	p := &playlist{args: []string{"a", "b", "a", "c"}}
	var got []string
	for more := true; more; more = p.next() {
		if err := p.look(); err != nil {
			t.Fatal(err)
		}
		got = append(got, p.current())
	}
	if want := []string{"a", "b", "a", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
