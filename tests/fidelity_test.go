package tests

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render"
)

// TestFidelityDocument: docs/fidelity.md is what the renderer's own tables say.
func TestFidelityDocument(t *testing.T) {
	path := filepath.Join("..", "docs", "fidelity.md")
	want := fidelityDocument(render.Features())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the renderer's tables say: make golden writes it anew", path)
	}
}

const fidelityHead = `# What is rendered, and how faithfully

Every feature of Istio and Envoy that can reach a proxy as HTTP, by what becomes of it in APISIX. This page is made from the
tables by which the renderer itself goes (` + "`make golden`" + ` writes it, a test compares it); where a feature is in use,
` + "`amesh-render once --report -`" + ` says so with its place.

| fidelity | meaning | finding |
|---|---|---|
| exact | a request fares as with Envoy | none |
| no effect | traffic could not notice whether it is rendered | none |
| by field | a message, of which each field has a line of its own | |
| approximate | rendered, with a difference | ` + "`approximate`" + `, where the difference matters |
| refused | a security rule that cannot be expressed: what it might have stopped is refused | ` + "`denied`" + ` |
| not rendered | has no effect | ` + "`dropped`" + ` |

What differs whatever the configuration is in [limits.md](limits.md).
`

func fidelityDocument(groups []render.FeatureGroup) string {
	var b strings.Builder
	b.WriteString(fidelityHead)
	istio := true
	b.WriteString("\n## Istio\n")
	for _, g := range groups {
		if istio && (g.Name == "HTTP filters") {
			istio = false
			b.WriteString("\n## Envoy\n")
		}
		fmt.Fprintf(&b, "\n### %s\n\n| | fidelity | |\n|---|---|---|\n", g.Name)
		for _, f := range g.Features {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Fidelity, strings.ReplaceAll(f.Reason, "|", `\|`))
		}
	}
	return b.String()
}
