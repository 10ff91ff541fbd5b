package diff_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
	"github.com/amesh-render/amesh-render/standalone"
)

// FuzzCompare compares whatever files: nothing panics, a file does not differ from itself, and the same two files give the
// same report.
func FuzzCompare(f *testing.F) {
	for _, name := range []string{"conditions", "splits", "rewrites", "header-routing"} {
		text, err := os.ReadFile("../render/testdata/" + name + "/want.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 1200)], []byte(base+"#END\n"))
	}
	f.Add([]byte(base+"#END\n"), []byte("routes:\n  - {id: 1, uri: /a*, host: '*.b', vars: [[[a, ==, 1]], [!AND, [b, ~~, '(']]], methods: [GET]}\n#END\n"))
	f.Fuzz(func(t *testing.T, old, new []byte) {
		a, b := fuzzSide(old), fuzzSide(new)
		o := diff.Options{Traffic: true}
		if self := diff.Compare(a, a, o); self.Different || len(self.Traffic.Witnesses) > 0 {
			t.Errorf("a file differs from itself: %+v", self)
		}
		first, _ := json.Marshal(diff.Compare(a, b, o))
		second, _ := json.Marshal(diff.Compare(a, b, o))
		if !bytes.Equal(first, second) {
			t.Errorf("two reports on the same files:\n%s\n%s", first, second)
		}
	})
}

func fuzzSide(text []byte) diff.Side {
	file, err := standalone.Read("fuzz", text)
	if err != nil {
		return diff.Side{}
	}
	c, _ := file.Config()
	return diff.Side{Name: "fuzz", Objects: file.Objects(), Config: c}
}
