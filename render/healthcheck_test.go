package render_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// TestHealthCheckText puts hostile strings into what APISIX's health checks send as it is: none may end a line of the
// request, or keep the file from being loaded.
func TestHealthCheckText(t *testing.T) {
	snap, options := readCase(t, filepath.Join("testdata", "health-checks", "in.yaml"))
	for _, s := range append(hostile, "/x\r\nHost: evil", "/x HTTP/1.0", "v\nx: y", "/\x01") {
		for _, raw := range []bool{false, true} {
			r := render.Render(withCheck(t, snap, s, raw), options)
			checkOutput(t, fmt.Sprintf("%.40q", s), r)
			for _, u := range r.Config.Upstreams {
				if u.Checks == nil {
					continue
				}
				for _, line := range append(u.Checks.Active.ReqHeaders, u.Checks.Active.HTTPPath, u.Checks.Active.Host) {
					if strings.ContainsAny(line, "\r\n\x00") {
						t.Errorf("%.40q: the check of %s sends %q", s, u.Name, line)
					}
				}
			}
		}
	}
}

// withCheck is the snapshot with the string in the texts of the cluster "full"'s health check.
func withCheck(t *testing.T, s *snapshot.Snapshot, text string, raw bool) *snapshot.Snapshot {
	t.Helper()
	b := snapshot.NewBuilder()
	for _, m := range mutate.Resources(s) {
		m = proto.Clone(m)
		if c, ok := m.(*clusterv3.Cluster); ok && c.GetName() == "full" {
			h := c.GetHealthChecks()[0].GetHttpHealthCheck()
			h.Path, h.Host = text, text
			for _, o := range h.GetRequestHeadersToAdd() {
				o.Header.Value = text
				if raw {
					o.Header.Value, o.Header.RawValue = "", []byte(text)
				}
			}
		}
		if err := b.Put(m); err != nil {
			t.Fatal(err)
		}
	}
	return b.Snapshot()
}
