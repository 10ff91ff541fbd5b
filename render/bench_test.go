package render_test

import (
	"os"
	"testing"

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
// with and without encoding.
func BenchmarkThousand(b *testing.B) {
	snap := decodeThousand(b)
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
