package tests

import (
	"regexp"
	"strings"
	"testing"
)

// TestVersions holds docs/versions.md against where the versions are decided.
func TestVersions(t *testing.T) {
	documented := content(t, "../docs/versions.md")
	for _, test := range []struct{ path, pattern, shown string }{
		{"istiod/go.mod", `istio\.io/istio v[0-9.]+-[0-9]+-([0-9a-f]{8})`, "at commit $1"},
		{"istiod/go.mod", `istio\.io/api v([0-9]+\.[0-9]+)\.`, "| Istio | $1,"},
		{"../examples/compose/compose.yaml", `apache/apisix:([0-9.]+)-debian`, "| Apache APISIX | $1 |"},
		{"../go.mod", `(?m)^go ([0-9]+\.[0-9]+)`, "| Go | $1 |"},
	} {
		found := regexp.MustCompile(test.pattern).FindStringSubmatch(content(t, test.path))
		if found == nil {
			t.Errorf("%s has nothing like %s", test.path, test.pattern)
		} else if want := strings.ReplaceAll(test.shown, "$1", found[1]); !strings.Contains(documented, want) {
			t.Errorf("docs/versions.md does not say %q, as %s does", want, test.path)
		}
	}
	image := regexp.MustCompile(`golang:([0-9]+\.[0-9]+)-`).FindStringSubmatch(content(t, "../Dockerfile"))
	if image == nil || !strings.Contains(content(t, "../go.mod"), "\ngo "+image[1]) {
		t.Errorf("the Dockerfile builds with Go %q, go.mod wants another", image)
	}
}
