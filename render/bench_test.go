package render_test

import (
	"os"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// thousand is a mesh of 1,000 services with 10 endpoints each, as istiod sent it.
const thousand = "../../shared/captures/scale-1000/config_dump.json.gz"

func openThousand(b *testing.B) *os.File {
	b.Helper()
	file, err := os.Open(thousand)
	if err != nil {
		b.Skipf("without the captures there is nothing to measure: %v", err)
	}
	return file
}

func decodeThousand(b *testing.B) *snapshot.Snapshot {
	b.Helper()
	file := openThousand(b)
	defer file.Close()
	snap, err := snapshot.Decode(snapshot.Source{Name: thousand, Reader: file})
	if err != nil {
		b.Fatal(err)
	}
	return snap
}

// BenchmarkThousand measures 1,000 services: decoding the dump alone, once as the command does it, and rendering alone
// with and without encoding. The floor is decoding the same resources from binary discovery responses: what any client of
// a control plane pays.
func BenchmarkThousand(b *testing.B) {
	snap := decodeThousand(b)
	b.Run("floor", func(b *testing.B) {
		responses := binaryResponses(b, snap)
		b.ReportAllocs()
		for b.Loop() {
			for _, text := range responses {
				decodeResponse(b, text)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			decodeThousand(b)
		}
	})
	b.Run("once", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encode(render.Render(decodeThousand(b), render.Options{}))
		}
	})
	b.Run("render", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			render.Render(snap, render.Options{})
		}
	})
	b.Run("render+encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encode(render.Render(snap, render.Options{}))
		}
	})
}

func encode(r render.Result) []byte {
	return apisix.Encode(r.Config, apisix.EncodeOptions{Format: apisix.Lines})
}

// binaryResponses are the resources of a snapshot as discovery responses, one for each type, as they come over the wire.
func binaryResponses(b *testing.B, s *snapshot.Snapshot) [][]byte {
	b.Helper()
	byType := map[string]*discoveryv3.DiscoveryResponse{}
	for _, m := range mutate.Resources(s) {
		a, err := anypb.New(m)
		if err != nil {
			b.Fatal(err)
		}
		if byType[a.GetTypeUrl()] == nil {
			byType[a.GetTypeUrl()] = &discoveryv3.DiscoveryResponse{TypeUrl: a.GetTypeUrl()}
		}
		byType[a.GetTypeUrl()].Resources = append(byType[a.GetTypeUrl()].Resources, a)
	}
	var list [][]byte
	for _, response := range byType {
		text, err := proto.Marshal(response)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, text)
	}
	return list
}

func decodeResponse(b *testing.B, text []byte) {
	b.Helper()
	var response discoveryv3.DiscoveryResponse
	if err := proto.Unmarshal(text, &response); err != nil {
		b.Fatal(err)
	}
	for _, a := range response.GetResources() {
		if _, err := a.UnmarshalNew(); err != nil {
			b.Fatal(err)
		}
	}
}
