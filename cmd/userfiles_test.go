package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/plugins"
)

// configMap is a directory as the kubelet mounts one: files are symlinks through ..data, which is swapped as a whole.
type configMap struct {
	t       *testing.T
	dir     string
	version int
}

func (c *configMap) put(files map[string]string) {
	c.t.Helper()
	c.version++
	next := fmt.Sprintf("..2026_01_01.%d", c.version)
	old, _ := os.Readlink(filepath.Join(c.dir, "..data"))
	c.must(os.Mkdir(filepath.Join(c.dir, next), 0o755))
	for name, text := range files {
		c.must(os.WriteFile(filepath.Join(c.dir, next, name), []byte(text), 0o644))
	}
	c.must(os.Symlink(next, filepath.Join(c.dir, "..tmp")))
	c.must(os.Rename(filepath.Join(c.dir, "..tmp"), filepath.Join(c.dir, "..data")))
	for name := range files {
		if _, err := os.Lstat(filepath.Join(c.dir, name)); err != nil {
			c.must(os.Symlink("..data/"+name, filepath.Join(c.dir, name)))
		}
	}
	entries, err := os.ReadDir(c.dir)
	c.must(err)
	for _, e := range entries {
		if _, kept := files[e.Name()]; !kept && !strings.HasPrefix(e.Name(), ".") {
			c.must(os.Remove(filepath.Join(c.dir, e.Name())))
		}
	}
	if old != "" {
		c.must(os.RemoveAll(filepath.Join(c.dir, old)))
	}
}

func (c *configMap) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func manifestOf(name, body string) string {
	return fmt.Sprintf(`{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: %s},
spec: {plugins: [{name: response-rewrite, config: '{"body": "%s"}'}]}}`, name, body)
}

// bodies is what a set holds, in one line: the bodies, and the files that are broken.
func bodies(set *plugins.Set) string {
	var parts []string
	for _, f := range set.Files {
		for _, c := range f.Configs {
			parts = append(parts, fmt.Sprint(c.Plugins[0].Config["body"]))
		}
	}
	for _, b := range set.Broken {
		parts = append(parts, "!"+filepath.Base(b.File))
	}
	return strings.Join(parts, " ")
}

// logged is a log that a test can read while it is written.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestUserFilesFollowAConfigMap(t *testing.T) {
	c := &configMap{t: t, dir: t.TempDir()}
	c.put(map[string]string{"a.yaml": manifestOf("a", "one"), "readme.txt": "not a manifest"})
	log := &logged{}
	files := newUserFiles([]string{c.dir}, nil, slog.New(slog.NewTextHandler(log, nil)))
	set, err := files.read()
	if err != nil || bodies(set) != "one" {
		t.Fatalf("got %q, %v", bodies(set), err)
	}
	sets := make(chan *plugins.Set, 1)
	files.publish = func(s *plugins.Set) { replace(sets, s) }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); files.run(ctx) }()
	defer func() { cancel(); <-done }()
	await := func(what, want string) {
		t.Helper()
		for timeout := time.After(30 * time.Second); ; {
			select {
			case set = <-sets:
				if bodies(set) == want {
					return
				}
			case <-timeout:
				t.Fatalf("%s: the files hold %q, want %q", what, bodies(set), want)
			}
		}
	}
	c.put(map[string]string{"a.yaml": manifestOf("a", "two"), "b.yml": manifestOf("b", "more")})
	await("swap", "two more")
	c.put(map[string]string{"a.yaml": "{", "b.yml": manifestOf("b", "more"), "c.json": "nor this"})
	await("break", "two more !a.yaml !c.json")
	if text := log.String(); !strings.Contains(text, "a.yaml") || !strings.Contains(text, "cannot be used") {
		t.Errorf("the log does not name the broken file: %s", text)
	}
	c.put(map[string]string{"a.yaml": manifestOf("a", "three"), "b.yml": manifestOf("b", "more")})
	await("mend", "three more")
	c.put(map[string]string{"b.yml": manifestOf("b", "more")})
	await("delete", "more")
	if text := log.String(); !strings.Contains(text, "can be used again") || !strings.Contains(text, "has gone") {
		t.Errorf("the log does not tell of mending and deleting: %s", text)
	}
}

func TestUserFilesAtTheStart(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, bad := put("good.yaml", manifestOf("a", "one")), put("bad.yaml", "\n\nkind: {")
	overlay := put("overlay.yaml", "routes: {{")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, good)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		configs, overlays []string
		want              string
	}{
		{[]string{good, good}, nil, ""},
		{[]string{good, dir + "/./good.yaml", relative}, nil, ""},
		{[]string{good, bad}, nil, "bad.yaml:3: is not YAML"},
		{[]string{filepath.Join(dir, "missing")}, nil, "no such file"},
		{nil, []string{overlay}, "overlay.yaml:1: "},
		{nil, []string{dir}, "is a directory"},
	} {
		set, err := newUserFiles(tc.configs, tc.overlays, slog.New(slog.DiscardHandler)).read()
		switch {
		case tc.want == "" && (err != nil || bodies(set) != "one"):
			t.Errorf("got %q, %v", bodies(set), err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("got %v, want %q", err, tc.want)
		}
	}
}

// An overlay that can be read but not filled in for the node keeps what it was.
func TestOverlayThatCannotBeFilledIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "o.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("routes: []")
	files := newUserFiles(nil, []string{path}, slog.New(slog.DiscardHandler))
	files.node = func() (plugins.Node, bool) { return plugins.Node{Name: "pod"}, true }
	before, err := files.read()
	if err != nil {
		t.Fatal(err)
	}
	write("routes: {{ index .node.ips 5 }}")
	set := files.load()
	if len(set.Broken) != 1 || len(set.Overlays) != 1 || set.Overlays[0] != before.Overlays[0] {
		t.Errorf("got %+v", set)
	}
}
