package xds

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// What the tests say most often.
const (
	cds = snapshot.Cluster
	eds = snapshot.Endpoints
	lds = snapshot.Listener
	rds = snapshot.RouteConfiguration
)

func TestDeltaOnTheWire(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.expect(t, "cluster node=me", "listener")

	s.send(t, changed(cds, "1", cluster("a"), cluster("b")))
	s.expect(t, "cluster nonce=1", "endpoints add=a,b")
	s.send(t, changed(lds, "2", listener("l", "80")))
	s.expect(t, "listener nonce=2", "route_config add=80")
	s.send(t, changed(rds, "3", route("80")))
	s.expect(t, "route_config nonce=3")
	s.send(t, changed(eds, "4", endpoints("a", 1)))
	s.expect(t, "endpoints nonce=4")
	f.none(t) // b is still unknown
	s.send(t, changed(eds, "5", endpoints("b", 1)))
	s.expect(t, "endpoints nonce=5")
	old := f.expect(t, "cluster/a", "cluster/b", "endpoints/a", "endpoints/b", "listener/l", "route_config/80")

	// A cluster goes, and its endpoints with it.
	s.send(t, removed(cds, "6", "a"))
	s.expect(t, "cluster nonce=6", "endpoints drop=a")
	f.expect(t, "cluster/b", "endpoints/b", "listener/l", "route_config/80")
	if n := old.Clusters().Len(); n != 2 {
		t.Errorf("an earlier snapshot has lost a cluster: %d left", n)
	}

	// A cluster comes whose endpoints do not exist.
	s.send(t, changed(cds, "7", cluster("c")))
	s.expect(t, "cluster nonce=7", "endpoints add=c")
	s.send(t, removed(eds, "8", "c"))
	s.expect(t, "endpoints nonce=8")
	f.expect(t, "cluster/b", "cluster/c", "endpoints/b", "listener/l", "route_config/80")

	// Nobody has asked for these.
	s.send(t, changed(eds, "9", endpoints("zzz", 1)))
	s.expect(t, "endpoints nonce=9")
	// A new stream begins with what is known.
	s.finish <- nil
	s = server.delta(t)
	s.expect(t, "cluster node=me have=b@v1,c@v7", "endpoints add=b,c have=b@v5", "listener have=l@v2", "route_config add=80 have=80@v3")
	s.send(t, removed(cds, "1", "b"))
	s.expect(t, "cluster nonce=1", "endpoints drop=b")
	f.expect(t, "cluster/c", "listener/l", "route_config/80")
	s.quiet(t)
	f.none(t)
}

func TestStateOfTheWorldOnTheWire(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t), Mode: StateOfTheWorld})
	s := server.sotw(t)
	s.expect(t, "cluster node=me", "listener")

	s.send(t, said(cds, "v1", "n1", cluster("a"), cluster("b")))
	s.expect(t, "cluster version=v1 nonce=n1", "endpoints names=a,b")
	s.send(t, said(lds, "v2", "n2", listener("l", "80")))
	s.expect(t, "listener version=v2 nonce=n2", "route_config names=80")
	s.send(t, said(eds, "v3", "n3", endpoints("a", 1), endpoints("b", 1)))
	s.expect(t, "endpoints names=a,b version=v3 nonce=n3")
	s.send(t, said(rds, "v4", "n4", route("80")))
	s.expect(t, "route_config names=80 version=v4 nonce=n4")
	old := f.expect(t, "cluster/a", "cluster/b", "endpoints/a", "endpoints/b", "listener/l", "route_config/80")

	// Only the endpoints that have changed come; the others stay, and keep their pointers.
	s.send(t, said(eds, "v5", "n5", endpoints("b", 2)))
	s.expect(t, "endpoints names=a,b version=v5 nonce=n5")
	now := f.until(t, "endpoints b on port 2", func(s *snapshot.Snapshot) bool {
		b, _ := s.Endpoints().Get("b")
		return portOf(b) == 2
	})
	if old.Endpoints().Resource("a") != now.Endpoints().Resource("a") {
		t.Error("endpoints that did not come again have a new pointer")
	}

	// CDS replaces all clusters. A new name is asked for with the latest nonce, and only its endpoints come.
	s.send(t, said(cds, "v6", "n6", cluster("b"), cluster("c")))
	s.expect(t, "cluster version=v6 nonce=n6", "endpoints names=b,c version=v5 nonce=n5")
	f.none(t)
	s.send(t, said(eds, "v7", "n7", endpoints("c", 1)))
	s.expect(t, "endpoints names=b,c version=v7 nonce=n7")
	f.expect(t, "cluster/b", "cluster/c", "endpoints/b", "endpoints/c", "listener/l", "route_config/80")

	// A new stream has the versions, but not the nonces.
	s.finish <- status.Error(codes.Unavailable, "recycled")
	s = server.sotw(t)
	s.expect(t, "cluster node=me version=v6", "endpoints names=b,c version=v7", "listener version=v2", "route_config names=80 version=v4")

	// No listener, no route: that ends the subscription.
	s.send(t, said(lds, "v8", "n1"))
	s.expect(t, "listener version=v8 nonce=n1", "route_config version=v4")
	f.expect(t, "cluster/b", "cluster/c", "endpoints/b", "endpoints/c")
	s.quiet(t)
	f.none(t)
}

// The client asks by name only when there is a name: an empty list would ask for everything.
func TestNothingToAskFor(t *testing.T) {
	t.Run("delta", func(t *testing.T) {
		server := serve(t)
		f := follow(t, Config{Address: server.plain(t)})
		s := server.delta(t)
		s.expect(t, "cluster node=me", "listener")
		s.send(t, changed(cds, "1"))
		s.send(t, changed(lds, "2"))
		s.expect(t, "cluster nonce=1", "listener nonce=2")
		f.expect(t)
		s.quiet(t)
	})
	t.Run("state of the world", func(t *testing.T) {
		server := serve(t)
		f := follow(t, Config{Address: server.plain(t), Mode: StateOfTheWorld})
		s := server.sotw(t)
		s.expect(t, "cluster node=me", "listener")
		s.send(t, said(cds, "1", "1", static("s")))
		s.send(t, said(lds, "1", "1"))
		s.expect(t, "cluster version=1 nonce=1", "listener version=1 nonce=1")
		f.expect(t, "cluster/s")
		s.quiet(t)
	})
}

func TestRefusal(t *testing.T) {
	const why = `cluster "b": cannot parse invalid wire-format data`
	t.Run("delta", func(t *testing.T) {
		server := serve(t)
		f := follow(t, Config{Address: server.plain(t)})
		s := server.delta(t)
		s.expect(t, "cluster node=me", "listener")
		s.send(t, changed(lds, "1"))
		s.send(t, changed(cds, "2", static("a"), broken(cds, "b")))
		s.expect(t, "listener nonce=1", "cluster nonce=2 error="+why)
		got := f.expect(t, "cluster/a") // the good ones are used
		if notes := got.Notes(); len(notes) != 1 || notes[0].Resource != "cluster/b" {
			t.Errorf("notes %v, expected one on cluster b", notes)
		}
		s.send(t, changed(cds, "3", static("b")))
		s.expect(t, "cluster nonce=3")
		got = f.expect(t, "cluster/a", "cluster/b")
		if notes := got.Notes(); len(notes) != 0 {
			t.Errorf("notes %v, expected none any more", notes)
		}
		s.send(t, changed(cds, "4", broken(cds, "b"))) // the last good one stays
		s.expect(t, "cluster nonce=4 error="+why)
		f.expect(t, "cluster/a", "cluster/b")
		s.finish <- nil
		server.delta(t).expect(t, "cluster node=me have=a@v2,b@v3", "listener")
	})
	t.Run("state of the world", func(t *testing.T) {
		server := serve(t)
		f := follow(t, Config{Address: server.plain(t), Mode: StateOfTheWorld})
		s := server.sotw(t)
		s.expect(t, "cluster node=me", "listener")
		s.send(t, said(lds, "v9", "1"))
		s.expect(t, "listener version=v9 nonce=1")
		s.send(t, said(cds, "v1", "1", static("a"), static("b"), static("c")))
		s.expect(t, "cluster version=v1 nonce=1")
		f.expect(t, "cluster/a", "cluster/b", "cluster/c")
		// The version is that of the last good CDS response, not LDS's. What the response lacks goes all the same.
		s.send(t, said(cds, "v2", "2", static("a"), broken(cds, "b"), static("d")))
		s.expect(t, "cluster version=v1 nonce=2 error="+why)
		f.expect(t, "cluster/a", "cluster/b", "cluster/d")
		// Who it is that is broken cannot be told, so that nothing may go.
		s.send(t, said(cds, "v3", "3", static("a"), broken(cds, "")))
		s.expect(t, `cluster version=v1 nonce=3 error=cluster "": cannot parse invalid wire-format data`)
		s.send(t, said(cds, "v4", "4", static("b"), static("d")))
		s.expect(t, "cluster version=v4 nonce=4")
		f.expect(t, "cluster/b", "cluster/d")
	})
}

func TestUnimplemented(t *testing.T) {
	unimplemented := status.Error(codes.Unimplemented, "not here")
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	server.delta(t).finish <- unimplemented
	s := server.sotw(t)
	s.expect(t, "cluster node=me", "listener")
	s.send(t, said(cds, "v1", "1", static("a")))
	s.send(t, said(lds, "v1", "2"))
	f.expect(t, "cluster/a")
	s.finish <- nil
	s = server.sotw(t) // it stays with what works
	s.expect(t, "cluster node=me version=v1", "listener version=v1")
	s.finish <- unimplemented // another server now
	d := server.delta(t)
	d.expect(t, "cluster node=me have=a@", "listener")

	server = serve(t)
	follow(t, Config{Address: server.plain(t), Mode: Delta})
	server.delta(t).finish <- unimplemented
	server.delta(t) // and not the other, which was not asked for
}
