package xds

import (
	"strings"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// TestLocal brings what istiod brings, in its order: the snapshot is complete at the end and not before, and the same
// pointer after the same again; a cluster that the next response does not have is gone, with its endpoints.
func TestLocal(t *testing.T) {
	l := NewLocal(nil)
	bring := func(k snapshot.Kind, resources ...*anypb.Any) error {
		return l.Apply(&discoveryv3.DiscoveryResponse{TypeUrl: k.TypeURL(), Resources: resources})
	}
	a, b := packed(cluster("a")), packed(cluster("b"))
	if err := bring(cds, a, b); err != nil {
		t.Fatal(err)
	}
	if err := bring(lds); err != nil {
		t.Fatal(err)
	}
	if l.Complete() {
		t.Error("it is complete without endpoints")
	}
	if err := bring(eds, packed(endpoints("a", 1)), packed(endpoints("b", 1)), packed(endpoints("unasked", 1))); err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(l.Snapshot().Endpoints().Names(), " "); names != "a b" || !l.Complete() {
		t.Errorf("endpoints of %q, complete: %v", names, l.Complete())
	}
	before := l.Snapshot()
	if err := bring(cds, a, b); err != nil || l.Snapshot() != before {
		t.Errorf("the same again is another snapshot; error %v", err)
	}
	if err := bring(cds, b); err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(l.Snapshot().Endpoints().Names(), " "); names != "b" {
		t.Errorf("endpoints of %q after a is gone", names)
	}
}

// TestLocalRefuses brings what a client refuses, and what it never asks for.
func TestLocalRefuses(t *testing.T) {
	l := NewLocal(nil)
	broken := &anypb.Any{TypeUrl: cds.TypeURL(), Value: []byte("\x0a\x01a\xff")}
	err := l.Apply(&discoveryv3.DiscoveryResponse{TypeUrl: cds.TypeURL(), Resources: []*anypb.Any{broken, packed(cluster("b"))}})
	if err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("a broken cluster: %v", err)
	}
	if _, ok := l.Snapshot().Clusters().Get("b"); !ok {
		t.Error("the cluster beside the broken one is not taken over")
	}
	for _, url := range []string{snapshot.Secret.TypeURL(), "type.googleapis.com/unknown"} {
		if err := l.Apply(&discoveryv3.DiscoveryResponse{TypeUrl: url}); err == nil {
			t.Errorf("%s is taken over", url)
		}
	}
}
