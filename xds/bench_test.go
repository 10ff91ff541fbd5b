package xds

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// capturesDir holds dumps of real proxies, outside this module.
const capturesDir = "../../shared/captures"

// mesh is what istiod tells a client in a mesh of 1,000 services with 10 endpoints each, about.
func mesh(b *testing.B) (responses byKind[*response], size int64) {
	b.Helper()
	packed, err := os.ReadFile(filepath.Join(capturesDir, "scale-1000", "config_dump.json.gz"))
	if err != nil {
		b.Skip("the large capture is absent: ", err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	s, err := snapshot.Decode(snapshot.Source{Name: "mesh", Reader: unpacked})
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range kinds {
		responses[k] = &response{version: "1", full: true}
	}
	add := func(k snapshot.Kind, m proto.Message) {
		body := asAny(m)
		size += int64(len(body.GetValue()))
		responses[k].resources = append(responses[k].resources, resource{body: body})
	}
	for _, m := range s.Clusters().All() {
		add(cds, m)
	}
	for _, m := range s.Endpoints().All() {
		add(eds, m)
	}
	for _, m := range s.Listeners().All() {
		add(lds, m)
	}
	for _, m := range s.RouteConfigurations().All() {
		add(rds, m)
	}
	return responses, size
}

func (s *state) tellAll(b *testing.B, responses byKind[*response]) {
	for _, k := range kinds {
		if refusal := s.apply(k, responses[k], time.Time{}); refusal != "" {
			b.Fatal(refusal)
		}
		for _, k := range kinds {
			s.follow(k, time.Time{})
		}
	}
	s.builder.Snapshot()
}

// BenchmarkStart is everything for the first time.
func BenchmarkStart(b *testing.B) {
	responses, size := mesh(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		newState(nil).tellAll(b, responses)
	}
}

// BenchmarkUnmarshal is what that is compared with: decoding alone, of the resources themselves.
func BenchmarkUnmarshal(b *testing.B) {
	responses, size := mesh(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, k := range kinds {
			for _, r := range responses[k].resources {
				if _, err := open(r.body); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// BenchmarkAgain is everything once more, unchanged, as after a reconnect.
func BenchmarkAgain(b *testing.B) {
	responses, size := mesh(b)
	s := newState(nil)
	s.tellAll(b, responses)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		s.tellAll(b, responses)
	}
}

// BenchmarkEndpointPush is one service whose endpoints change, which happens most.
func BenchmarkEndpointPush(b *testing.B) {
	responses, _ := mesh(b)
	s := newState(nil)
	s.tellAll(b, responses)
	first := responses[eds].resources[0].body
	name := nameIn(first.GetValue())
	pushes := [2]*response{{resources: []resource{{body: packed(endpoints(name, 1))}}}, {resources: []resource{{body: packed(endpoints(name, 2))}}}}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		s.apply(eds, pushes[n%2], time.Time{})
		s.builder.Snapshot()
	}
}
