package validate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/validate"
)

// expected are the problems of files that are there to show them: the renderer has a finding for it.
var expected = map[string]bool{
	`../render/testdata/paths/want.yaml: route/regexes-nested-dhhcl0e0nr: vars[2][2]: the regular expression "\\A(?s:/(a+)+b)\\z" ` +
		`repeats a repetition: on some values PCRE gives up after 100,000 steps, and then finds no match`: true,
	`../render/apisix/testdata/everything.json: route/reviews.default-canary-0123456789: APISIX replaces ${{HOME}} by the environment variable, ` +
		`and refuses the whole file where there is none`: true,
}

// Nothing is wrong with what the renderer writes.
func TestGoldens(t *testing.T) {
	n := 0
	for _, pattern := range []string{"../render/testdata/*/want.*", "../render/apisix/testdata/everything.*", "../examples/*/apisix*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := standalone.Read(path, text)
			if err != nil {
				t.Error(err)
				continue
			}
			n++
			for _, p := range validate.Check(f, validate.Options{}) {
				if !expected[path+": "+p.String()] {
					t.Errorf("%s:%d:%d: %s: %s", path, p.Line, p.Column, p.Level, p)
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("found %d golden files only", n)
	}
}
