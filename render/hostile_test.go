package render_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/internal/schematest"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// hostile are strings that must not break out of the text, leak the environment or be read as something else.
var hostile = []string{
	"${{HOME}}", "a${{HOME}}b", "$ENV://PATH", "$env://PATH", "$secret://vault/a/b", "a\x00b", "\x7f", "\u0085\u009f",
	"\U0001F600", "\u2028\u2029\ufeff\uffff", strings.Repeat("a", 100_000), "\"\n#END\n", "\\", "$", "$1${x}", "yes", "_1", "<<", "*",
	"/a*b", "(", "a:b", " ", "",
}

// The cases that are small and have a field of nearly every kind.
var smallCases = []string{"paths", "conditions", "hosts", "actions", "clusters", "redirects", "rewrites", "header-operations", "splits",
	"mirrors", "grpc", "upstream-tls", "balancing", "health-checks", "outlier-detection", "endpoints", "dns", "aggregate", "rbac", "jwt",
	"ext-authz-forward-auth", "faults", "cors-policies", "rate-limits", "body-filters", "compression", "other-filters", "route-conditions"}

// TestHostileStrings puts a hostile string into every string field of the small cases, one field at a time, and each
// hostile string into all fields at once: the output must hold, and be read back as it is meant.
func TestHostileStrings(t *testing.T) {
	for _, name := range smallCases {
		snap, options := readCase(t, filepath.Join("testdata", name, "in.yaml"))
		count := countStrings(t, snap)
		if count < 10 {
			t.Fatalf("%s: only %d string fields: the walk misses its mark", name, count)
		}
		for i := range count {
			s := hostile[i%len(hostile)]
			checkOutput(t, fmt.Sprintf("%s: field %d set to %.40q", name, i, s), render.Render(withStrings(t, snap, s, i), options))
		}
		for _, s := range hostile {
			checkOutput(t, fmt.Sprintf("%s: all fields set to %.40q", name, s), render.Render(withStrings(t, snap, s, -1), options))
		}
	}
}

// checkOutput checks what must hold of any output.
func checkOutput(t *testing.T, what string, r render.Result) {
	t.Helper()
	for _, err := range schematest.Patterns(r.Config) {
		t.Errorf("%s: %v", what, err)
	}
	sections := map[string]any{"routes": r.Config.Routes, "upstreams": r.Config.Upstreams}
	for section, objects := range r.Config.Others {
		if len(objects) > 0 {
			sections[section] = objects
		}
	}
	plain, err := json.Marshal(sections)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	var want any
	if err := json.Unmarshal(plain, &want); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, format := range []apisix.Format{apisix.Block, apisix.Lines, apisix.JSON} {
		text := apisix.Encode(r.Config, apisix.EncodeOptions{Format: format, Header: "test"})
		if bytes.Contains(text, []byte("${{")) {
			t.Errorf("%s: as %v, APISIX would substitute the environment", what, format)
		}
		if format != apisix.JSON && !bytes.HasSuffix(text, []byte("\n#END\n")) {
			t.Errorf("%s: as %v, the last line is not #END", what, format)
		}
		var got any
		if err := yaml.Unmarshal(text, &got); err != nil {
			t.Errorf("%s: as %v: %v", what, format, err)
		} else if got = numbers(got); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: as %v, it is read back otherwise", what, format)
		}
		for _, p := range r.Config.Validate(format) {
			t.Errorf("%s: as %v: %v", what, format, p)
		}
	}
}

// numbers makes all numbers float64, as encoding/json reads them.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return v
}

func countStrings(t *testing.T, s *snapshot.Snapshot) int {
	t.Helper()
	n := 0
	for _, m := range mutate.Resources(s) {
		eachString(t, proto.Clone(m).ProtoReflect(), func(old string) string { n++; return old })
	}
	return n
}

// withStrings is the snapshot with string field i, of all its resources, set to text; with -1 every string field.
func withStrings(t *testing.T, s *snapshot.Snapshot, text string, i int) *snapshot.Snapshot {
	t.Helper()
	b := snapshot.NewBuilder()
	b.SetNode(s.Node())
	n := 0
	for _, m := range mutate.Resources(s) {
		m = proto.Clone(m)
		eachString(t, m.ProtoReflect(), func(old string) string {
			n++
			if i == n-1 || i < 0 {
				return text
			}
			return old
		})
		if err := b.Put(m); err != nil {
			continue // a resource without a name is refused; the rest must still hold
		}
	}
	return b.Snapshot()
}

// eachString replaces every string field of m, those in Anys included, by what f makes of it.
func eachString(t *testing.T, m protoreflect.Message, f func(string) string) {
	t.Helper()
	if a, ok := m.Interface().(*anypb.Any); ok {
		inner, err := a.UnmarshalNew()
		if err != nil {
			return
		}
		eachString(t, inner.ProtoReflect(), f)
		if err := a.MarshalFrom(inner); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, fd := range mutate.SetFields(m) {
		v := m.Get(fd)
		switch {
		case fd.IsMap():
			eachMapString(t, fd, v.Map(), f)
		case fd.IsList():
			eachListString(t, fd, v.List(), f)
		case fd.Kind() == protoreflect.StringKind:
			m.Set(fd, protoreflect.ValueOfString(f(v.String())))
		case fd.Message() != nil:
			eachString(t, v.Message(), f)
		}
	}
}

func eachListString(t *testing.T, fd protoreflect.FieldDescriptor, list protoreflect.List, f func(string) string) {
	for i := range list.Len() {
		if fd.Kind() == protoreflect.StringKind {
			list.Set(i, protoreflect.ValueOfString(f(list.Get(i).String())))
		} else if fd.Message() != nil {
			eachString(t, list.Get(i).Message(), f)
		}
	}
}

func eachMapString(t *testing.T, fd protoreflect.FieldDescriptor, m protoreflect.Map, f func(string) string) {
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		if fd.MapValue().Message() != nil {
			eachString(t, v.Message(), f)
		} else if fd.MapValue().Kind() == protoreflect.StringKind {
			m.Set(k, protoreflect.ValueOfString(f(v.String())))
		}
		return true
	})
}

// FuzzRender renders whatever decodes.
func FuzzRender(f *testing.F) {
	for _, name := range smallCases {
		text, err := os.ReadFile(filepath.Join("testdata", name, "in.yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, dump []byte) {
		snap, err := snapshot.Decode(snapshot.Source{Name: "fuzz", Reader: bytes.NewReader(dump)})
		if err != nil {
			t.Skip()
		}
		checkOutput(t, "fuzz", render.Render(snap, render.Options{}))
	})
}

// FuzzRenderMutated changes some fields of a case at random: the output must hold.
func FuzzRenderMutated(f *testing.F) {
	for seed := range uint64(2 * len(smallCases)) {
		f.Add(seed, "x")
	}
	var snaps []*snapshot.Snapshot
	for _, name := range append(smallCases, "gateway-ingress", "service-entry", "authorization-policy-ratings") {
		paths, err := filepath.Glob(filepath.Join("testdata", name, "in.*"))
		if err != nil || len(paths) != 1 {
			f.Fatalf("%s: %v %v", name, paths, err)
		}
		text, err := os.ReadFile(paths[0])
		if err != nil {
			f.Fatal(err)
		}
		snap, err := snapshot.Decode(snapshot.Source{Name: name, Reader: bytes.NewReader(text)})
		if err != nil {
			f.Fatal(err)
		}
		snaps = append(snaps, snap)
	}
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		rng := rand.New(rand.NewPCG(seed, 0))
		original := snaps[rng.IntN(len(snaps))]
		b := snapshot.NewBuilder()
		b.SetNode(original.Node())
		for _, m := range mutate.Resources(original) {
			m = proto.Clone(m)
			if rng.IntN(3) == 0 {
				mutate.Field(rng, m.ProtoReflect(), slices.Concat(hostile, []string{strings.ToValidUTF8(text, "?")}))
			}
			if b.Put(m) != nil {
				continue
			}
		}
		options := render.Options{
			OriginalDst: []render.OriginalDst{"", render.OriginalDstRuntime, render.OriginalDstHost, render.OriginalDstNone}[rng.IntN(4)],
			Role:        []render.Role{"", render.Sidecar, render.Gateway}[rng.IntN(3)],
			Lua:         []render.Lua{render.LuaOff, render.LuaOn}[rng.IntN(2)],
		}
		checkOutput(t, fmt.Sprintf("seed %d", seed), render.Render(b.Snapshot(), options))
	})
}
