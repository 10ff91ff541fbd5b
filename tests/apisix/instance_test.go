package apisix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/cmd"
	"github.com/amesh-render/amesh-render/watch"
)

var keep = flag.Bool("keep", false, "leave APISIX's directory behind")

// patience is how long APISIX may take for anything.
const patience = 30 * time.Second

// An instance is an APISIX that runs.
type instance struct {
	prefix  string
	control string // the URL of the control API
	status  string // the URL of the status pages
	file    *watch.File
}

// start starts the APISIX of APISIX_HOME with what config writes for the arguments, on the HTTP ports and the stream port.
func start(t *testing.T, http []int, stream int, arguments ...string) *instance {
	t.Helper()
	home := os.Getenv("APISIX_HOME")
	if home == "" {
		t.Skip("APISIX_HOME names no APISIX: no real one is tried (see tests/apisix/README.md)")
	}
	if _, err := os.Stat(filepath.Join(home, "apisix", "init.lua")); err != nil {
		t.Fatalf("APISIX_HOME: %v", err)
	}
	i := &instance{prefix: directory(t)}
	control, status, metrics := freePort(t), freePort(t), freePort(t)
	i.control = fmt.Sprintf("http://127.0.0.1:%d", control)
	i.status = fmt.Sprintf("http://127.0.0.1:%d", status)
	i.file = &watch.File{Path: filepath.Join(i.prefix, "conf", "apisix.yaml")}
	list, err := json.Marshal(http)
	if err != nil {
		t.Fatal(err)
	}
	arguments = append([]string{
		"config", "--init", "--dir", filepath.Join(i.prefix, "conf"), "--mounted-at", filepath.Join(i.prefix, "conf"),
		"--workers", "1", "--access-log", "off", "--dns-resolver", "127.0.0.1",
		"--set", "apisix.node_listen=" + string(list), "--set", fmt.Sprintf("apisix.stream_proxy.tcp=[%d]", stream),
		"--set", fmt.Sprintf("apisix.control.port=%d", control), "--set", fmt.Sprintf("apisix.status.port=%d", status),
		"--set", fmt.Sprintf("plugin_attr.prometheus.export_addr.port=%d", metrics),
		"--set", "nginx_config.error_log=logs/error.log",
	}, arguments...)
	var errs bytes.Buffer
	if code := cmd.Run(arguments, cmd.Streams{Out: os.Stdout, Err: &errs}); code != 0 {
		t.Fatalf("config: %s", &errs)
	}
	for _, name := range []string{"apisix", "deps", "ui"} {
		if _, err := os.Stat(filepath.Join(home, name)); err == nil {
			if err := os.Symlink(filepath.Join(home, name), filepath.Join(i.prefix, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	i.run(t, home)
	return i
}

// directory is one that APISIX's workers can read, whoever they are.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "amesh-render-apisix-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if *keep {
			t.Logf("APISIX's directory is %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run makes nginx.conf and starts nginx, as the image's entrypoint does.
func (i *instance) run(t *testing.T, home string) {
	t.Helper()
	apisix := os.Getenv("APISIX_CMD")
	if apisix == "" {
		if apisix = filepath.Join(home, "bin", "apisix"); !exists(apisix) {
			apisix = "apisix"
		}
	}
	init := exec.Command(apisix, "init")
	init.Dir = i.prefix
	if out, err := init.CombinedOutput(); err != nil || !exists(filepath.Join(i.prefix, "conf", "nginx.conf")) {
		t.Fatalf("%s init: %v\n%s", apisix, err, out)
	}
	openresty := os.Getenv("OPENRESTY")
	if openresty == "" {
		openresty = "openresty"
	}
	nginx := exec.Command(openresty, "-p", i.prefix, "-c", filepath.Join(i.prefix, "conf", "nginx.conf"), "-g", "daemon off;")
	var out bytes.Buffer
	nginx.Stdout, nginx.Stderr = &out, &out
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { nginx.Wait(); close(ended) }()
	t.Cleanup(func() {
		nginx.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	i.await(t, "APISIX answers", func() bool {
		select {
		case <-ended:
			t.Fatalf("nginx has ended:\n%s\n%s", &out, i.log(t, 0))
		default:
		}
		response, err := http.Get(i.control + "/v1/routes")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// await waits for a condition.
func (i *instance) await(t *testing.T, what string, met func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s\n%s", patience, what, i.log(t, max(0, i.size(t)-4000)))
		case <-tick.C:
		}
	}
}

func (i *instance) size(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(i.prefix, "logs", "error.log"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// log is the error log from an offset on.
func (i *instance) log(t *testing.T, offset int64) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(i.prefix, "logs", "error.log"))
	if err != nil {
		return err.Error()
	}
	return string(text[min(offset, int64(len(text))):])
}

// readers are the processes that each load the file: worker and privileged agent, for HTTP and for streams.
const readers = 4

// load lets APISIX load a file, and returns what it logged meanwhile. It returns once each process has the file and the control
// API shows routes and upstreams of these ids: they are taken over some time after the file is read.
func (i *instance) load(t *testing.T, text []byte, routes, upstreams []string) string {
	t.Helper()
	before := i.size(t)
	result, err := i.file.Write(text)
	if err != nil {
		t.Fatal(err)
	}
	if result.Written {
		i.await(t, "every process has loaded the file", func() bool {
			return strings.Count(i.log(t, before), "apisix.yaml reloaded") >= readers
		})
	}
	for section, want := range map[string][]string{"routes": routes, "upstreams": upstreams} {
		i.await(t, fmt.Sprintf("all %s are taken; an object that is dropped is in the log", section), func() bool {
			return equalSets(i.ids(t, section), want)
		})
	}
	return i.log(t, before)
}

// ids are those of the objects that the control API shows.
func (i *instance) ids(t *testing.T, section string) (ids []string) {
	t.Helper()
	response, err := http.Get(i.control + "/v1/" + section)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var objects []struct{ Value struct{ ID string } }
	if err := json.NewDecoder(response.Body).Decode(&objects); err != nil {
		return nil // an empty list is written as an object
	}
	for _, o := range objects {
		ids = append(ids, o.Value.ID)
	}
	return ids
}

func equalSets(a, b []string) bool {
	set := map[string]bool{}
	for _, id := range a {
		set[id] = true
	}
	same := len(a) == len(b)
	for _, id := range b {
		same = same && set[id]
	}
	return same
}
