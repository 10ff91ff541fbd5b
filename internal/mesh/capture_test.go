package mesh

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// captured is what istiod sent in a mesh of 1,000 services, outside this module.
const captured = "../../../shared/captures/scale-1000/config_dump.json.gz"

func decodeCaptured(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	packed, err := os.ReadFile(captured)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("without the captures there is nothing to compare with: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	s, err := snapshot.Decode(snapshot.Source{Name: captured, Reader: unpacked})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// snapshotOf is what a client makes of all that the mesh says.
func snapshotOf(t *testing.T, m *Mesh) *snapshot.Snapshot {
	t.Helper()
	l := xds.NewLocal(m.Node())
	for _, r := range m.All() {
		if err := l.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Complete() {
		t.Fatal("something that is referred to has not come")
	}
	return l.Snapshot()
}

// TestCapture compares the generated mesh with the captured one, message by message, field by field, the order of lists
// too.
func TestCapture(t *testing.T) {
	want, got := byName(mutate.Resources(decodeCaptured(t))), byName(mutate.Resources(snapshotOf(t, New(1000))))
	if len(got) != len(want) {
		t.Errorf("%d resources, captured were %d", len(got), len(want))
	}
	different := 0
	for name, w := range want {
		if g := got[name]; g == nil {
			t.Errorf("%s is missing", name)
		} else if !proto.Equal(w, g) {
			if different++; different <= 3 {
				t.Errorf("%s differs:\ngot  %s\nwant %s", name, excerpt(g, w), excerpt(w, g))
			}
		}
	}
	if different > 0 {
		t.Errorf("%d resources differ", different)
	}
}

func byName(all []proto.Message) map[string]proto.Message {
	m := map[string]proto.Message{}
	for _, r := range all {
		if l, ok := r.(*listenerv3.Listener); ok {
			r = withoutALPN(l)
		}
		k, _ := snapshot.KindOf(r)
		m[k.String()+"/"+snapshot.NameOf(r)] = r
	}
	return m
}

// withoutALPN is a listener without the configuration of Istio's ALPN filter: in JSON it is text, and on the wire bytes that
// nobody here can read. The bytes are compared in TestALPN.
func withoutALPN(l *listenerv3.Listener) proto.Message {
	l = proto.Clone(l).(*listenerv3.Listener)
	for _, c := range l.GetFilterChains() {
		for _, f := range c.GetFilters() {
			m := new(hcmv3.HttpConnectionManager)
			if f.GetTypedConfig().UnmarshalTo(m) != nil {
				continue
			}
			for _, h := range m.GetHttpFilters() {
				if h.GetName() == "istio.alpn" {
					h.ConfigType = nil
				}
			}
			f.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: pack(m)}
		}
	}
	return l
}

// excerpt is a part of one message's text, from a little before the place where the other's differs.
func excerpt(m, other proto.Message) string {
	text := func(m proto.Message) string {
		return strings.Join(strings.Fields(prototext.MarshalOptions{}.Format(m)), " ")
	}
	a, b := text(m), text(other)
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return a[max(0, at-120):min(len(a), at+120)]
}

// TestRendered compares what becomes of both: the file to the last byte, and the findings.
func TestRendered(t *testing.T) {
	want, got := render.Render(decodeCaptured(t), render.Options{}), render.Render(snapshotOf(t, New(1000)), render.Options{})
	if a, b := encodeFile(want), encodeFile(got); !bytes.Equal(a, b) {
		t.Errorf("the files differ: %d bytes and %d, %d routes and %d", len(a), len(b), len(want.Config.Routes), len(got.Config.Routes))
	}
	if a, b := fmt.Sprint(want.Findings()), fmt.Sprint(got.Findings()); a != b {
		t.Errorf("%d findings and %d, or others", len(want.Findings()), len(got.Findings()))
	}
}

func encodeFile(r render.Result) []byte {
	return apisix.Encode(r.Config, apisix.EncodeOptions{Format: apisix.Lines})
}
