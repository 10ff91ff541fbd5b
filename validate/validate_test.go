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
	`../render/testdata/user-overlay/want.yaml: route/shop-0-health: plugins.http-logger.auth_header: APISIX puts the ` +
		`environment variable "LOG_TOKEN" in its place, at every request`: true, // the user asks for it
	`../render/testdata/user-overlay/want.yaml: consumer/alice: plugins.key-auth.key: there is no secret "vault/1": the ` +
		`plugin gets this text as it is`: true, // nor does the overlay bring one
}

// goldens are the files that the renderer has written, by path.
func goldens(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, pattern := range []string{"../render/testdata/*/want.*", "../render/apisix/testdata/everything.*", "../examples/*/apisix*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if out[path], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(out) < 40 {
		t.Fatalf("found %d golden files only", len(out))
	}
	return out
}

// Nothing is wrong with what the renderer writes.
func TestGoldens(t *testing.T) {
	for path, text := range goldens(t) {
		f, err := standalone.Read(path, text)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, p := range validate.Check(f, validate.Options{}) {
			if !expected[path+": "+p.String()] {
				t.Errorf("%s:%d:%d: %s: %s", path, p.Line, p.Column, p.Level, p)
			}
		}
	}
}

// What the section plugins does not name is not switched on.
func TestPluginsThatAreSwitchedOn(t *testing.T) {
	text, _ := frame("plugins:\n- name: cors\nroutes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    cors: {}\n    gzip: {}")
	got := problems(t, "apisix.yaml", text)
	want := "12: error: route/r: plugins.gzip: APISIX has no plugin of the name \"gzip\""
	if len(got) != 2 || got[1] != want {
		t.Errorf("got %q, want a warning of the section, and %q", got, want)
	}
}
