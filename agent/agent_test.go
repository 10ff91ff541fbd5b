package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// deadline is how long a condition may take to come true on a slow machine.
const deadline = 30 * time.Second

// mesh is a snapshot of one listener with a route to each of the clusters.
func mesh(t *testing.T, clusters ...string) *snapshot.Snapshot {
	t.Helper()
	var routes, resources []string
	for _, c := range clusters {
		routes = append(routes, fmt.Sprintf(`{"match": {"path": "/%s"}, "route": {"cluster": "%s", "timeout": "0s"}}`, c, c))
		resources = append(resources, fmt.Sprintf(`{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "%s", "type": "STATIC"}`, c))
	}
	listener := fmt.Sprintf(`{"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": "http",
		"address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}, "filter_chains": [{"filters": [{"name": "http", "typed_config": {
		"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stream_idle_timeout": "0s",
		"route_config": {"name": "r", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [%s]}]}}}]}]}`, strings.Join(routes, ","))
	s, err := snapshot.Decode(snapshot.Source{Name: "mesh", Reader: strings.NewReader(listener + strings.Join(resources, "\n"))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs an agent on a file in a directory of its own.
func start(t *testing.T, path string) (*Agent, chan *snapshot.Snapshot) {
	t.Helper()
	a := &Agent{File: &watch.File{Path: path, Generation: true}, Format: apisix.Lines, Log: slog.New(slog.DiscardHandler),
		Metrics: NewMetrics(), Pace: watch.Pace{Step: time.Second}}
	ctx, cancel := context.WithCancel(context.Background())
	snapshots := make(chan *snapshot.Snapshot, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.Run(ctx, snapshots)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return a, snapshots
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("after %v it still does not hold: %s", deadline, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// value reads a metric.
func value(t *testing.T, a *Agent, name string) float64 {
	t.Helper()
	families, err := a.Metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "amesh_render_"+name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

func TestAgentFollowsSnapshots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	a, snapshots := start(t, path)

	snapshots <- mesh(t, "one")
	eventually(t, "the first snapshot is written", func() bool { return strings.Contains(read(path), `"name":"one"`) })
	eventually(t, "the status knows", func() bool { return a.Status().Written && a.Status().Snapshot != nil })
	if !strings.HasPrefix(read(path), "# gen ") || !strings.HasSuffix(read(path), "\n#END\n") {
		t.Errorf("the file does not begin and end as it must:\n%s", read(path))
	}

	snapshots <- mesh(t, "one")
	eventually(t, "an equal one is not written again", func() bool { return value(t, a, "config_writes_suppressed_total") == 1 })
	if got := value(t, a, "config_writes_total"); got != 1 {
		t.Errorf("got %v writes, want 1", got)
	}

	snapshots <- mesh(t, "two")
	eventually(t, "the second is written", func() bool {
		return strings.Contains(read(path), `"name":"two"`) && !strings.Contains(read(path), `"name":"one"`)
	})
	eventually(t, "it took three writes: the new upstream first, then the routes, then the old upstream goes", func() bool {
		return value(t, a, "config_writes_total") == 4 // the last is counted when the file is there already
	})
}

func TestAgentTakesUpTheFileOfAProcessBefore(t *testing.T) {
	for _, format := range []apisix.Format{apisix.Lines, apisix.Block} {
		t.Run(format.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "apisix.yaml")
			config := &apisix.Config{
				Routes:    []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "old", Vars: []apisix.Expr{apisix.Present("http_x")}}},
				Upstreams: []*apisix.Upstream{{ID: "old", Name: "old", Type: "roundrobin", Nodes: []apisix.Node{}}},
			}
			text := apisix.Encode(config, apisix.EncodeOptions{Format: format, Header: "test"})
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
			a, snapshots := start(t, path)
			eventually(t, "the agent is ready before the control plane answers", func() bool { return a.Status().Written })
			if read(path) != string(text) {
				t.Error("the file has changed without a snapshot")
			}
			snapshots <- mesh(t, "new")
			// The first commit adds the new upstream beside the old route; no commit has a route without its upstream.
			eventually(t, "the new upstream is there", func() bool { return strings.Contains(read(path), `"name":"new"`) })
			eventually(t, "the old upstream is gone", func() bool { return !strings.Contains(read(path), `"old"`) })
		})
	}
}

func TestAgentKeepsTheFileOverNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	a, snapshots := start(t, path)
	snapshots <- mesh(t, "one")
	eventually(t, "the snapshot is written", func() bool { return a.Status().Written })
	before := read(path)
	snapshots <- snapshot.NewBuilder().Snapshot()
	snapshots <- mesh(t, "one")
	eventually(t, "the snapshots after it are taken", func() bool { return value(t, a, "config_writes_suppressed_total") >= 1 })
	if read(path) != before {
		t.Error("an empty snapshot has replaced the file")
	}
}

func TestAgentSaysWhyItCannotWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	path := filepath.Join(dir, "apisix.yaml")
	a, snapshots := start(t, path)
	pages := &Server{Agent: a, Stream: new(Stream), Start: time.Now()}
	snapshots <- mesh(t, "one")
	eventually(t, "the failure shows", func() bool { return a.Status().Err != nil })
	if reasons := strings.Join(pages.unready(time.Now()), "\n"); !strings.Contains(reasons, "could not be written") || !strings.Contains(reasons, dir) {
		t.Errorf("readiness says %q", reasons)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is written once the directory is there", func() bool { return a.Status().Err == nil && a.Status().Written })
	if reasons := pages.unready(time.Now()); len(reasons) > 0 {
		t.Errorf("not ready: %q", reasons)
	}
}

func TestPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	a, snapshots := start(t, path)
	began := time.Now()
	pages := &Server{Agent: a, Stream: new(Stream), MaxDown: time.Hour, Start: began}
	server := httptest.NewServer(pages.Handler())
	defer server.Close()
	get := func(page string) (int, string) {
		response, err := http.Get(server.URL + page)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	for page, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 200, "/debug/snapshot": 404, "/debug/findings": 200, "/": 404} {
		if got, _ := get(page); got != want {
			t.Errorf("%s before the first snapshot: got %d, want %d", page, got, want)
		}
	}
	snapshots <- mesh(t, "one")
	eventually(t, "the snapshot is written", func() bool { return a.Status().Written })
	if code, body := get("/readyz"); code != 200 {
		t.Errorf("/readyz: %d %s", code, body)
	}
	_, dump := get("/debug/snapshot")
	if s, err := snapshot.Decode(snapshot.Source{Name: "page", Reader: strings.NewReader(dump)}); err != nil || s.Clusters().Len() != 1 {
		t.Errorf("/debug/snapshot is not a dump of the snapshot: %v", err)
	}
	if _, metrics := get("/metrics"); !strings.Contains(metrics, "amesh_render_config_last_write_successful 1") {
		t.Error("/metrics does not say that the last write succeeded")
	}
	if reasons := pages.unready(began.Add(2 * time.Hour)); len(reasons) != 1 || !strings.Contains(reasons[0], "down for 2h") {
		t.Errorf("with the stream down for two hours: %q", reasons)
	}
	pages.Stream.Set(true, began)
	if reasons := pages.unready(began.Add(2 * time.Hour)); len(reasons) != 0 {
		t.Errorf("with the stream up: %q", reasons)
	}
}

// control is a control API that has loaded some objects of a file.
type control struct {
	second            int64
	routes, upstreams []string
}

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ids := map[string][]string{"/v1/routes": c.routes, "/v1/upstreams": c.upstreams}[r.URL.Path]
	if len(ids) == 0 {
		io.WriteString(w, "{}")
		return
	}
	var items []map[string]any
	for _, id := range ids {
		items = append(items, map[string]any{"key": r.URL.Path + "/" + id, "modifiedIndex": c.second, "value": map[string]any{"id": id}})
	}
	json.NewEncoder(w).Encode(items)
}

func TestVerifier(t *testing.T) {
	mtime := time.Unix(1_800_000_000, 0)
	config := &apisix.Config{Routes: []*apisix.Route{{ID: "a"}, {ID: "b"}}, Upstreams: []*apisix.Upstream{{ID: "u"}}}
	for _, tc := range []struct {
		name    string
		control control
		loaded  bool
		refused string
	}{
		{"loaded", control{mtime.Unix(), []string{"a", "b"}, []string{"u"}}, true, ""},
		{"without an object", control{mtime.Unix(), []string{"b"}, []string{"u"}}, true, "routes/a"},
		{"an older file", control{mtime.Unix() - 1, []string{"a", "b"}, []string{"u"}}, false, ""},
		{"nothing yet", control{mtime.Unix(), nil, nil}, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(&tc.control)
			defer server.Close()
			v := &Verifier{URL: server.URL, Timeout: 50 * time.Millisecond, Every: time.Millisecond,
				Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics()}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { defer close(done); v.Run(ctx) }()
			defer func() { cancel(); <-done }()
			v.expect(config, mtime)
			eventually(t, "there is an answer", func() bool { return v.Result().Done })
			got := v.Result()
			if got.Loaded != tc.loaded || strings.Join(got.Refused, " ") != tc.refused || got.Err != nil {
				t.Errorf("got %+v, want loaded %v, refused %q", got, tc.loaded, tc.refused)
			}
			reasons := (&Server{Agent: &Agent{Verifier: v}, Stream: new(Stream)}).unverified()
			if (len(reasons) == 0) != (tc.loaded && tc.refused == "") {
				t.Errorf("readiness says %q", reasons)
			}
		})
	}
}

func TestAgentHidesPrivateKeys(t *testing.T) {
	dump, err := os.Open(filepath.Join("..", "render", "testdata", "upstream-tls", "in.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Close()
	keys, err := snapshot.Decode(snapshot.Source{Name: dump.Name(), Reader: dump})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	_, snapshots := start(t, path)
	mode := func() os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.Mode()
	}

	snapshots <- mesh(t, "one")
	eventually(t, "a file without keys is for everybody", func() bool { return mode() == 0o644 })
	snapshots <- keys
	eventually(t, "the keys are written", func() bool { return strings.Contains(read(path), "PRIVATE KEY") })
	if mode() != 0o640 {
		t.Errorf("a file with private keys has mode %v", mode())
	}
}

// usersSet is a set of one plugin for all routes, with that number in it, of the configuration of that name.
func usersSet(t *testing.T, name string, count int) *plugins.Set {
	t.Helper()
	file, err := plugins.Parse("f.yaml", fmt.Appendf(nil, `{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: %s},
		spec: {plugins: [{name: limit-conn, config: {conn: %d}}]}}`, name, count))
	if err != nil {
		t.Fatal(err)
	}
	return &plugins.Set{Files: []*plugins.File{file}}
}

func TestAgentFollowsPlugins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	sets := make(chan *plugins.Set, 1)
	snapshots := make(chan *snapshot.Snapshot, 1)
	a := &Agent{File: &watch.File{Path: path, Generation: true}, Format: apisix.Lines, Log: slog.New(slog.DiscardHandler),
		Metrics: NewMetrics(), Pace: watch.Pace{Step: time.Second}, Plugins: sets}
	a.Options.Plugins = usersSet(t, "a", 1)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx, snapshots) }()
	t.Cleanup(func() { cancel(); <-done })
	writes := func(n float64) func() bool { return func() bool { return value(t, a, "config_writes_total") == n } }

	snapshots <- mesh(t, "one")
	eventually(t, "the plugins of the start are in the first file", func() bool { return strings.Contains(read(path), `"limit-conn":{"conn":1,`) })
	eventually(t, "it is counted", writes(1))

	sets <- usersSet(t, "a", 2)
	eventually(t, "an edit is one commit: the routes name the same plugin_config", func() bool {
		return strings.Contains(read(path), `"limit-conn":{"conn":2,`)
	})
	eventually(t, "it is counted", writes(2))

	sets <- usersSet(t, "b", 2)
	eventually(t, "another plugin_config comes a commit before the routes that name it, and the old one goes a commit after", func() bool {
		return writes(5)() && strings.Contains(read(path), "AmeshPluginConfig b") && !strings.Contains(read(path), "AmeshPluginConfig a")
	})

	broken := usersSet(t, "b", 2)
	broken.Broken = []*plugins.Error{{File: "g.yaml", Line: 3, Err: fmt.Errorf("is not YAML")}}
	sets <- broken
	eventually(t, "a broken file is in the findings", func() bool {
		for _, f := range a.Status().Findings() {
			if f.Resource == "file/g.yaml" && strings.Contains(f.Message, "g.yaml:3: is not YAML") {
				return true
			}
		}
		return false
	})
	families, err := a.Metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	valid := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "amesh_render_user_file_valid" {
				valid[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
			}
		}
	}
	if len(valid) != 2 || valid["f.yaml"] != 1 || valid["g.yaml"] != 0 {
		t.Errorf("the metric says %v", valid)
	}

	sets <- &plugins.Set{}
	eventually(t, "without the file, the plugins go", func() bool { return !strings.Contains(read(path), "plugin_config") })
}

// What a user adds is taken up from a file too, to the letter.
func TestReadConfigKeepsWhatUsersAdd(t *testing.T) {
	route := apisix.Object{"id": "mine", "uri": "/a", "upstream": map[string]any{"nodes": map[string]any{"127.0.0.1:80": 1.0}}}
	config := &apisix.Config{
		Routes:    []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "u", PluginConfigID: "p"}, {ID: "mine", URI: "/a", Raw: route}},
		Upstreams: []*apisix.Upstream{{ID: "u", Type: "roundrobin", Nodes: []apisix.Node{}}},
		Others: map[string][]apisix.Object{
			"plugin_configs": {{"id": "p", "plugins": map[string]any{"response-rewrite": map[string]any{"body": "b"}}}},
			"global_rules":   {{"id": "g", "plugins": map[string]any{}}},
			"services":       {{"id": "s", "upstream_id": "u"}},
		},
	}
	for _, format := range []apisix.Format{apisix.Lines, apisix.Block} {
		text := apisix.Encode(config, apisix.EncodeOptions{Format: format})
		again, err := readConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := apisix.Encode(again, apisix.EncodeOptions{Format: format}); string(got) != string(text) {
			t.Errorf("%v: got\n%s\nwant\n%s", format, got, text)
		}
	}
}
