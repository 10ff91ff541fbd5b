package xds

import (
	"fmt"
	"io"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A client that starts anew, and understands nothing, has nothing to publish: the old file is better.
func TestNothingUsable(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.expect(t, "cluster node=me", "listener")
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", broken(cds, "a"), broken(cds, "b")))
	why := "cannot parse invalid wire-format data"
	s.expect(t, "listener nonce=1", fmt.Sprintf(`cluster nonce=2 error=cluster "a": %s; cluster "b": %s`, why, why))
	s.send(t, changed(lds, "3"))
	s.expect(t, "listener nonce=3")
	f.none(t)
	s.send(t, changed(cds, "4", broken(cds, "a"), static("b")))
	f.expect(t, "cluster/b")
}

// There are three ways to say in the delta protocol that a resource does not exist.
func TestAbsence(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", cluster("a"), cluster("b"), cluster("c"), cluster("d")))
	absent := removed(eds, "3", "a")
	absent.RemovedResourceNames = []*discoveryv3.ResourceName{{Name: "b"}}
	absent.ResourceErrors = []*discoveryv3.ResourceError{
		{ResourceName: &discoveryv3.ResourceName{Name: "c"}, ErrorDetail: &statuspb.Status{Code: int32(codes.NotFound)}},
		{ResourceName: &discoveryv3.ResourceName{Name: "d"}, ErrorDetail: &statuspb.Status{Code: int32(codes.Internal)}},
	}
	s.send(t, absent)
	s.expect(t, "cluster node=me", "listener", "listener nonce=1", "cluster nonce=2", "endpoints add=a,b,c,d", "endpoints nonce=3")
	f.none(t) // d may exist
	s.send(t, changed(eds, "4", endpoints("d", 1)))
	f.expect(t, "cluster/a", "cluster/b", "cluster/c", "cluster/d", "endpoints/d")
}

// A version says that the client has all of it, so that a client to which something is missing must not say it.
func TestVersionOfWhatIsMissing(t *testing.T) {
	server := serve(t)
	follow(t, Config{Address: server.plain(t), Mode: StateOfTheWorld})
	s := server.sotw(t)
	s.send(t, said(cds, "v1", "1", cluster("a"), cluster("b")))
	s.send(t, said(eds, "v2", "2", endpoints("a", 1)))
	s.expect(t, "cluster node=me", "listener", "cluster version=v1 nonce=1", "endpoints names=a,b", "endpoints names=a,b version=v2 nonce=2")
	s.finish <- nil
	s = server.sotw(t)
	s.expect(t, "cluster node=me version=v1", "endpoints names=a,b", "listener")
}

func TestGracefulEnd(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.expect(t, "cluster node=me", "listener")
	f.stop()
	if err := await(t, s.lost, "end of the stream"); err != io.EOF {
		t.Errorf("the client has left with %v", err)
	}
}

// Servers send more than they should, and wrap resources that need no wrapping.
func TestOddResponses(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.expect(t, "cluster node=me", "listener")
	unknown := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: "type.googleapis.com/istio.networking.nds.v1.NameTable", Nonce: "0"}
	s.send(t, unknown) // not answered: an answer would ask for more of it
	s.send(t, changed(snapshot.Secret, "0"))
	s.send(t, changed(eds, "0", endpoints("a", 7))) // before anybody has asked
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", cluster("a"), static("b"), static("b"), cluster("a"))) // duplicates
	s.expect(t, "listener nonce=1", "cluster nonce=2", "endpoints add=a")
	s.send(t, changed(eds, "3"))
	s.expect(t, "endpoints nonce=3")
	s.send(t, changed(eds, "3", endpoints("a", 1))) // a nonce for the second time
	s.expect(t, "endpoints nonce=3")
	f.expect(t, "cluster/a", "cluster/b", "endpoints/a")
	s.send(t, changed(cds, "", static("c"))) // no nonce, no answer
	f.expect(t, "cluster/a", "cluster/b", "cluster/c", "endpoints/a")
	s.send(t, changed(cds, "4", &discoveryv3.Resource{Name: "b"}, &discoveryv3.Resource{Name: "x"})) // prolonged
	s.expect(t, "cluster nonce=4")
	s.send(t, changed(cds, "5", route("r")))
	s.expect(t, `cluster nonce=5 error=cluster "r": it is of type "`+rds.TypeURL()+`", expected "`+cds.TypeURL()+`"`)
	s.send(t, changed(cds, "6", &discoveryv3.Resource{Name: "other", Resource: packed(static("b"))}))
	s.expect(t, `cluster nonce=6 error=cluster "b": it came under the name "other"`)
	s.quiet(t)
	f.none(t)
}

func TestWrapped(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t), Mode: StateOfTheWorld})
	s := server.sotw(t)
	s.expect(t, "cluster node=me", "listener")
	wrap := func(m proto.Message) proto.Message {
		return &discoveryv3.Resource{Name: snapshot.NameOf(m), Resource: packed(m)}
	}
	s.send(t, said(lds, "1", "1"))
	s.send(t, said(cds, "1", "2", wrap(static("a")), static("b")))
	s.expect(t, "listener version=1 nonce=1", "cluster version=1 nonce=2")
	f.expect(t, "cluster/a", "cluster/b")
	// A resource that is only mentioned is still there.
	s.send(t, said(cds, "2", "3", &discoveryv3.Resource{Name: "a"}, static("c")))
	s.expect(t, "cluster version=2 nonce=3")
	f.expect(t, "cluster/a", "cluster/c")
}

// The same once more is no news, whatever the bytes.
func TestNoNews(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.expect(t, "cluster node=me", "listener")
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", static("a")))
	s.expect(t, "listener nonce=1", "cluster nonce=2")
	first := f.expect(t, "cluster/a")
	again := packed(static("a"))
	s.send(t, changed(cds, "3", again))
	again.Value = append(again.Value, again.Value...) // the name twice: other bytes, the same cluster
	s.send(t, changed(cds, "4", again))
	s.expect(t, "cluster nonce=3", "cluster nonce=4")
	s.send(t, changed(cds, "5", static("b")))
	second := f.expect(t, "cluster/a", "cluster/b") // and nothing between
	if first.Clusters().Resource("a") != second.Clusters().Resource("a") {
		t.Error("a cluster that came unchanged has a new pointer")
	}
	if first.Node().GetId() != "me" {
		t.Errorf("node %v, expected that of the configuration", first.Node())
	}
}
