package diff_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
)

// TestEveryFieldCounts changes fields of rendered files one at a time: no change may go unnoticed, and the text must say
// something of it.
func TestEveryFieldCounts(t *testing.T) {
	paths, err := filepath.Glob("../render/testdata/*/want.yaml")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d golden files: %v", len(paths), err)
	}
	changes := 0
	for n, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := standalone.Read(path, text)
		if err != nil {
			t.Fatal(err)
		}
		objects := file.Objects()
		old := sideOf(t, objects)
		leaves := 0
		eachLeaf(objects, func(place string, value any, set func(any)) {
			if leaves++; (leaves+n)%11 != 0 { // of all files together, every field is met
				return
			}
			changes++
			set(other(value))
			report := diff.NewReport(diff.Compare(old, sideOf(t, objects), diff.Options{}))
			set(value)
			var shown bytes.Buffer
			if err := report.WriteText(&shown, diff.Style{}); err != nil {
				t.Fatal(err)
			}
			if !report.Different || strings.Count(shown.String(), "\n") < 2 {
				t.Errorf("%s: %s: %v becomes %v: nothing is said: %s", path, place, value, other(value), &shown)
			}
		})
	}
	if changes < 500 {
		t.Errorf("only %d changes were tried", changes)
	}
}

// sideOf is a side that has been read from the text of the objects.
func sideOf(t *testing.T, objects map[string][]apisix.Object) diff.Side {
	t.Helper()
	text := apisix.EncodeObjects(objects, apisix.EncodeOptions{Format: apisix.Lines})
	file, err := standalone.Read("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := file.Config() // a changed field may be one that APISIX refuses
	return diff.Side{Name: "x.yaml", Objects: file.Objects(), Config: c}
}

// other is a value of the same kind that is not v.
func other(v any) any {
	switch v := v.(type) {
	case string:
		return v + "x"
	case bool:
		return !v
	case float64:
		return v + 1
	}
	return "x"
}

// eachLeaf calls do with each scalar of the objects.
func eachLeaf(objects map[string][]apisix.Object, do func(place string, value any, set func(any))) {
	var walk func(place string, v any, set func(any))
	walk = func(place string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(place+"."+key, v[key], func(y any) { v[key] = y })
			}
		case []any:
			for i, x := range v {
				walk(fmt.Sprintf("%s[%d]", place, i), x, func(y any) { v[i] = y })
			}
		default:
			do(place, v, set)
		}
	}
	for _, section := range slices.Sorted(maps.Keys(objects)) {
		for _, o := range objects[section] {
			walk(section+"/"+o.ID(section), map[string]any(o), nil)
		}
	}
}
