package snapshot

import (
	"strings"
	"testing"
)

// FuzzDecode: whatever the input, Decode returns a snapshot or a one-line error; and what it returns survives a dump.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"configs":[{"dynamic_active_clusters":[{"cluster":` + clusterA + `}]}]}`,
		`[` + bare(clusterB) + `]` + "\n" + `{"resources":[` + endpointsB + `,` + listenerL + `,` + routesR + `]}`,
		`{"resources":[{"name":"a","resource":` + clusterA + `}],"removed_resources":["b"],` + cdsType + `}`,
		secrets,
		"configs:\n- static_clusters:\n  - &a {cluster: {name: a, type: EDS, new: 1}}\n  - *a\n---\nresources: []\nversion_info: 1\n",
		`{"static_clusters":[{"cluster":{"name":"a","new":[1],"typed_extension_protocol_options":{"x":{"@type":"x.Y","a":1}}}}]}`,
		`{"configs":[{"bootstrap":{"node":{"id":"n","metadata":{"a":[null]}},"static_resources":{"clusters":[{"name":"é"}]}}}]}`,
		packed(`{"configs":[]}`),
		"\xef\xbb\xbf[",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Decode(source("fuzz", string(text)))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("the error %q does not name the source", err)
			}
			return
		}
		var once strings.Builder
		if err := s.WriteDump(&once); err != nil {
			t.Fatalf("dump: %v", err)
		}
		again, err := Decode(source("dump", once.String()))
		if err != nil {
			t.Fatalf("decode the dump: %v\n%s", err, once.String())
		}
		equalStrings(t, "resources", paths(again), paths(s))
		if got := dump(t, again); got != once.String() {
			t.Errorf("another dump: got %s, want %s", got, once.String())
		}
	})
}
