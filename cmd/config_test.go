package cmd

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// pluginsOf is the lists that config prints.
func pluginsOf(t *testing.T, args ...string) (lists struct {
	Plugins       []string
	StreamPlugins []string `yaml:"stream_plugins"`
}) {
	t.Helper()
	code, out, errs := runCommand(t, append([]string{"config"}, args...)...)
	if code != exitOK {
		t.Fatal(errs)
	}
	if err := yaml.Unmarshal([]byte(out), &lists); err != nil {
		t.Fatal(err)
	}
	return lists
}

func TestConfigPlugins(t *testing.T) {
	all := pluginsOf(t).Plugins
	for _, name := range apisix.PluginNames {
		if listed := slices.Contains(all, name); listed == (apisix.UnlistedPlugins[name] != "") {
			t.Errorf("%s: listed: %v", name, listed)
		}
	}
	if slices.Contains(all, "ai") {
		t.Error("ai leaks memory")
	}
	for name := range apisix.UnlistedPlugins {
		if !slices.Contains(apisix.PluginNames, name) {
			t.Errorf("%s is no plugin of APISIX", name)
		}
	}
	off := pluginsOf(t, "--lua=off", "--custom-plugin", "mine", "--custom-plugin", "cors")
	for _, name := range append(slices.Clone(apisix.LuaPluginNames), apisix.LuaStreamPluginNames...) {
		if slices.Contains(off.Plugins, name) || slices.Contains(off.StreamPlugins, name) {
			t.Errorf("--lua=off lists %s", name)
		}
	}
	if off.Plugins[len(off.Plugins)-1] != "mine" || len(off.Plugins) != len(slices.Compact(slices.Sorted(slices.Values(off.Plugins)))) {
		t.Errorf("a plugin is missing or there twice: %v", off.Plugins)
	}
}

// What the renderer writes, the configuration lists, however few plugins it is to list: APISIX drops a route that names
// another one.
func TestConfigListsWhatIsRendered(t *testing.T) {
	lists := pluginsOf(t, "--plugins", "rendered")
	files, err := filepath.Glob("../render/testdata/*/want*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Routes []struct{ Plugins map[string]any }
			Stream []struct{ Plugins map[string]any } `yaml:"stream_routes"`
		}
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		users := filepath.Base(filepath.Dir(file))
		for _, r := range doc.Routes {
			for _, name := range slices.Sorted(maps.Keys(r.Plugins)) {
				if !slices.Contains(lists.Plugins, name) && !usersPlugins[users] {
					t.Errorf("%s: %s is not listed", file, name)
				}
			}
		}
		for _, r := range doc.Stream {
			for name := range r.Plugins {
				if !slices.Contains(lists.StreamPlugins, name) {
					t.Errorf("%s: %s is not listed for stream routes", file, name)
				}
			}
		}
	}
}

// usersPlugins are the cases in which users bring plugins of their own.
var usersPlugins = map[string]bool{"user-plugins": true, "user-overlay": true, "user-plugins-guards": true}

// Pods start in parallel, and init containers are restarted: whatever the order, the files are whole and the agent's
// apisix.yaml is kept.
func TestConfigDirTogether(t *testing.T) {
	dir := t.TempDir()
	var together sync.WaitGroup
	for range 8 {
		together.Go(func() {
			if code := Run([]string{"config", "--init", "--dir", dir}, Streams{Out: os.Stdout, Err: os.Stderr}); code != exitOK {
				t.Errorf("exit code %d", code)
			}
		})
	}
	together.Wait()
	_, want, _ := runCommand(t, "config", "--ipv6", "auto")
	if got, err := os.ReadFile(filepath.Join(dir, "config.yaml")); err != nil || string(got) != want {
		t.Errorf("config.yaml is not what config prints (%v)", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name()[0] == '.' {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// TestConfigDirOwner gives a volume that is root's, as Docker makes them, to the owner of the files: as any other user, the
// agent could not make a file in it.
func TestConfigDirOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	if code, _, errs := runCommand(t, "config", "--init", "--dir", dir, "--file-owner", "636:637"); code != exitOK {
		t.Fatal(errs)
	}
	for _, name := range []string{"", "config.yaml", "lua"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != 636 || stat.Gid != 637 {
			t.Errorf("%q belongs to %d:%d", name, stat.Uid, stat.Gid)
		}
	}
}
