package snapshot

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// largeDump is the dump of a mesh of 1,000 services as it lies on disk, and how many bytes of JSON it holds.
func largeDump(b *testing.B) (packed []byte, size int64) {
	b.Helper()
	packed, err := os.ReadFile(filepath.Join(capturesDir, "scale-1000", "config_dump.json.gz"))
	if err != nil {
		b.Skip("the large capture is absent: ", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	if size, err = io.Copy(io.Discard, z); err != nil {
		b.Fatal(err)
	}
	return packed, size
}

func largeSnapshot(b *testing.B) *Snapshot {
	b.Helper()
	packed, _ := largeDump(b)
	s, err := Decode(Source{"large", bytes.NewReader(packed)})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkDecode(b *testing.B) {
	packed, size := largeDump(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(Source{"large", bytes.NewReader(packed)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUnmarshal is what decoding is compared with: the same resources as they come over the wire.
func BenchmarkUnmarshal(b *testing.B) {
	s := largeSnapshot(b)
	responses := wire(b, s)
	total := int64(0)
	for _, r := range responses {
		total += int64(len(r))
	}
	b.SetBytes(total)
	b.ReportAllocs()
	for b.Loop() {
		builder := NewBuilder()
		for _, r := range responses {
			unwire(b, builder, r)
		}
		if got := builder.Snapshot().Clusters().Len(); got != s.Clusters().Len() {
			b.Fatalf("got %d clusters, want %d", got, s.Clusters().Len())
		}
	}
}

// wire is a snapshot as the discovery responses of its kinds, in binary.
func wire(tb testing.TB, s *Snapshot) [][]byte {
	tb.Helper()
	byKind := map[Kind]*discoveryv3.DiscoveryResponse{}
	for _, m := range contents(s) {
		k, _ := KindOf(m)
		if byKind[k] == nil {
			byKind[k] = &discoveryv3.DiscoveryResponse{TypeUrl: k.TypeURL()}
		}
		a, err := anypb.New(m)
		if err != nil {
			tb.Fatal(err)
		}
		byKind[k].Resources = append(byKind[k].Resources, a)
	}
	var all [][]byte
	for _, r := range byKind {
		b, err := proto.Marshal(r)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// unwire puts the resources of a binary discovery response into a builder.
func unwire(tb testing.TB, to *Builder, response []byte) {
	tb.Helper()
	r := &discoveryv3.DiscoveryResponse{}
	if err := proto.Unmarshal(response, r); err != nil {
		tb.Fatal(err)
	}
	for _, a := range r.GetResources() {
		m, err := a.UnmarshalNew()
		if err == nil {
			err = to.Put(m)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func TestWireIsTheSame(t *testing.T) {
	for _, c := range captures(t) {
		s := decode(t, readFile(t, c.dump))
		b := NewBuilder()
		for _, r := range wire(t, s) {
			unwire(t, b, r)
		}
		equal(t, b.Snapshot(), s)
	}
}

func BenchmarkReferences(b *testing.B) {
	s := largeSnapshot(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(s.References()) == 0 {
			b.Fatal("got no references")
		}
	}
}

func BenchmarkWriteDump(b *testing.B) {
	s := largeSnapshot(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.WriteDump(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPush is what an agent pays in the builder for one changed cluster among a thousand.
func BenchmarkPush(b *testing.B) {
	builder := NewBuilder()
	for _, r := range wire(b, largeSnapshot(b)) {
		unwire(b, builder, r)
	}
	a, _ := decode(b, clusterA).Clusters().Get("a")
	b.ReportAllocs()
	for b.Loop() {
		builder.Remove(Cluster, "a")
		if err := builder.Put(a); err != nil {
			b.Fatal(err)
		}
		builder.Snapshot()
	}
}
