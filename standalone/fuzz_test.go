package standalone

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seeds are small files of both kinds.
func seeds(f *testing.F) {
	for _, text := range []string{
		"", "routes: []\n#END\n", "{}", "{\"routes\":[{\"id\":\"a\",\"uri\":\"/\"}]}\n#END\n", "# gen 1\n{\n\"routes\":[\n{\"id\":1}\n]\n}\n#END\n",
		"a: &x {b: [1, *y]}\n", "a: &x [*x]\n", "a: {<<: {b: 1}, b: 2}\n", "? [a]\n: 1\n", "a: \"\\/${{X}}\"\n", "a: 0x1.8\nb: 1:30\nc: ~\n",
		"routes:\n- {id: r, uri: /a, service_id: s, plugins: {traffic-split: {rules: [{weighted_upstreams: [{upstream: {nodes: {\"a:1\": 1}}}]}]}}}\nservices:\n- {id: s, upstream: {nodes: []}}\n",
		"{\"a\":\"\\u00e9\\ud83d\\ude00\",\"a\":null,\"b\":1e5,\"c\":-0.5}", "\r{}", "# a\r{}\n{}", "{\"a\":\"b\u0085c\",\"d\":\r1}", "# a\u2028\n{}", "\t{}", "{\n\t}\n\t",
		"a: 1\n---\nb: 2\n", "%YAML 1.2\n---\na: \ufeffb\n",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	paths, _ := filepath.Glob("../render/apisix/testdata/everything.*")
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil {
			f.Add(string(text), strings.HasSuffix(path, "json"))
		}
	}
}

// FuzzRead: no text makes the reader panic, all places are in the text, and what comes of it is the same again.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string, isJSON bool) {
		name := "apisix.yaml"
		if isJSON {
			name = "apisix.json"
		}
		Is([]byte(text))
		file, err := Read(name, []byte(text))
		if err != nil {
			return
		}
		config, problems := file.Config()
		lines := 1 + lineBreaks([]byte(text))
		for _, p := range slices.Concat(file.Problems, problems) {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" {
				t.Errorf("%d:%d: %s: not in a text of %d lines", p.Line, p.Column, p, lines)
			}
		}
		again, _ := Read(name, []byte(text))
		config2, problems2 := again.Config()
		if fmt.Sprint(problems) != fmt.Sprint(problems2) || dumped(config) != dumped(config2) {
			t.Error("a second time it reads otherwise")
		}
	})
}

func dumped(v any) string {
	text, err := json.Marshal(v)
	return string(text) + fmt.Sprint(err)
}

// FuzzLines: where the fast reader reads a YAML text, it reads what the YAML reader does.
func FuzzLines(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string, _ bool) {
		if checkCharacters([]byte(text)) != nil {
			return
		}
		fast := reader{file: &File{}}
		got := fast.parseLines([]byte(text))
		if got == nil {
			return
		}
		slow := reader{file: &File{}}
		want, err := slow.parseYAML([]byte(text))
		if err != nil {
			t.Fatalf("the YAML reader refuses it: %v", err)
		}
		if g, w := outline(got), outline(want); g != w {
			t.Errorf("got %s, the YAML reader has %s", g, w)
		}
	})
}

// outline is a tree with the places of its values.
func outline(n *Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:%d %v %q %v %v", n.Line, n.Column, n.Kind, n.Text, n.Number, n.Bool)
	for _, item := range n.Items {
		b.WriteString(" [" + outline(item) + "]")
	}
	for _, e := range n.Entries {
		b.WriteString(" {" + outline(e.Key) + ": " + outline(e.Value) + "}")
	}
	fmt.Fprintf(&b, " %d shadowed", len(n.Shadowed))
	return b.String()
}
