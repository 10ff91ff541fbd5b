package tests

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/internal/schematest"
	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/model/envoy"
	"github.com/amesh-render/amesh-render/render"
	config "github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// oddTexts are what a mutated string becomes.
var oddTexts = []string{"", "a", "*", "/", "/a", "${{HOME}}", "$env://HOME", "a\x00b", "\x7f", "ü", "(", "a:b", "/a*b", " ", "GET", "10.0.0.1",
	"::1", "outbound|80||x", "inbound|9080||", `\1`, "%REQ(x)%", strings.Repeat("a", 5000)}

// FuzzMutatedCapture changes one field of what istiod has sent: whatever it is, rendering does not panic, yields nothing
// that APISIX would not load, and lets no request through that Envoy's filters refuse.
func FuzzMutatedCapture(f *testing.F) {
	captures := loadCaptures(f)
	for seed := range uint64(4) { // TestMutatedCaptures has more
		f.Add(seed)
	}
	f.Add(uint64(77)) // an inbound listener whose chains ask for ports that are not its own
	f.Fuzz(func(t *testing.T, seed uint64) { checkMutated(t, seed, captures) })
}

// TestMutatedCaptures is some of the same in every run.
func TestMutatedCaptures(t *testing.T) {
	captures := loadCaptures(t)
	for seed := range uint64(2 * len(captures)) {
		checkMutated(t, seed, captures)
	}
}

func checkMutated(t *testing.T, seed uint64, captures []*snapshot.Snapshot) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	s := mutated(rng, captures[seed%uint64(len(captures))])
	result := render.Render(s, withLua(seed/uint64(len(captures))))
	for _, p := range result.Config.Validate(config.Block) {
		t.Errorf("seed %d: %v", seed, p)
	}
	for _, err := range schematest.Patterns(result.Config) {
		t.Errorf("seed %d: %v", seed, err)
	}
	t.Run("schema", func(t *testing.T) {
		for _, err := range schematest.Load(t).Errors(result.Config) {
			t.Errorf("seed %d: %v", seed, err)
		}
	})
	before, after := envoy.FromSnapshot(s), apisix.New(result.Config)
	for range 40 {
		r := plausible(rng, s)
		want, got := before.Route(r, nil), after.Route(r, nil)
		if refusedByFilter(want) && (got.Kind == model.Routed || got.Kind == model.Answered && got.Status < 400) {
			explainLaw(t, seed, s, result, r, errRefusedByEnvoyOnly)
			return
		}
	}
}

// mutated is a snapshot with one field changed.
func mutated(rng *rand.Rand, s *snapshot.Snapshot) *snapshot.Snapshot {
	list := mutate.Resources(s)
	one := rng.IntN(len(list))
	if rng.IntN(2) == 0 { // listeners and routes have most to lose
		one = rng.IntN(max(1, s.Listeners().Len()+s.RouteConfigurations().Len()))
	}
	var b snapshot.Builder
	b.SetNode(s.Node())
	for i, m := range list {
		if i == one {
			m = proto.Clone(m)
			mutate.Field(rng, m.ProtoReflect(), oddTexts)
		}
		if b.Put(m) != nil {
			continue // a resource that has lost its name
		}
	}
	return b.Snapshot()
}

// plausible draws a request that a proxy with this configuration may get.
func plausible(rng *rand.Rand, s *snapshot.Snapshot) *model.Request {
	pick := func(choices ...string) string { return choices[rng.IntN(len(choices))] }
	r := &model.Request{
		Method: pick("GET", "POST", "DELETE", "OPTIONS"), Authority: "productpage", LocalPort: model.InboundPort,
		Target: pick("/", "/info", "/admin/x", "/a/healthz", "/exact", "/tenants/a/private/b", "/checked", "/x/..%2finfo", "/%61dmin"),
		Remote: netip.MustParseAddrPort(pick("10.2.0.1:4000", "203.0.113.9:4000", "10.1.2.3:4000")),
		Random: rng.Uint64(), Destination: netip.MustParseAddrPort(pick("10.244.0.9:9080", "10.244.0.9:80")),
	}
	if rng.IntN(3) == 0 {
		r.LocalPort = model.OutboundPort
		for _, rc := range s.RouteConfigurations().All() {
			for _, vh := range rc.GetVirtualHosts() {
				if len(vh.GetDomains()) > 0 && rng.IntN(4) == 0 {
					r.Authority = strings.Replace(vh.GetDomains()[0], "*", "a", 1)
				}
			}
		}
	}
	for _, h := range []model.Header{{Name: "x-token", Value: "good"}, {Name: "x-jwt", Value: "Token a"}, {Name: "authorization", Value: "Bearer a"},
		{Name: "x-forwarded-for", Value: "198.51.100.7"}, {Name: "origin", Value: "https://a"}, {Name: "access-control-request-method", Value: "GET"}} {
		if rng.IntN(4) == 0 {
			r.Headers = append(r.Headers, h)
		}
	}
	return r
}

type lawError string

func (e lawError) Error() string { return string(e) }

const errRefusedByEnvoyOnly = lawError("Envoy refuses it, APISIX does not")

// loadCaptures are the golden cases that are captures of a real istiod.
func loadCaptures(t testing.TB) []*snapshot.Snapshot {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "render", "testdata", "*", "in.json"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d captures: %v", len(paths), err)
	}
	var list []*snapshot.Snapshot
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := snapshot.Decode(snapshot.Source{Name: path, Reader: file})
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}
