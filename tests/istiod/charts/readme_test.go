package charts

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A documentedValue is one in values.yaml that has a comment "# -- …".
type documentedValue struct{ path, standard, description string }

// Between these lines of a README is the table of values.
const (
	tableBegin = "<!-- values: from values.yaml -->\n"
	tableEnd   = "<!-- end -->\n"
)

// TestReadme: the tables of values say what values.yaml says.
func TestReadme(t *testing.T) {
	for _, name := range charts {
		path := filepath.Join(chartsDir, name, "README.md")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok1 := strings.Cut(string(text), tableBegin)
		_, after, ok2 := strings.Cut(rest, tableEnd)
		if !ok1 || !ok2 {
			t.Fatalf("%s has no place for the table of values", path)
		}
		compare(t, path, before+tableBegin+table(documentedValues(t, name))+tableEnd+after)
	}
}

func table(values []documentedValue) string {
	var b strings.Builder
	b.WriteString("| value | default | |\n|---|---|---|\n")
	for _, v := range values {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", v.path, v.standard, v.description)
	}
	return b.String()
}

// documentedValues are those of a chart, in the order of the file. It is an error if a value is not documented.
func documentedValues(t testing.TB, name string) (values []documentedValue) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chartsDir, name, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return documentedIn(t, document.Content[0], "")
}

func documentedIn(t testing.TB, mapping *yaml.Node, prefix string) (values []documentedValue) {
	t.Helper()
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		path := prefix + key.Value
		_, description, documented := strings.Cut("\n"+key.HeadComment, "\n# -- ")
		switch {
		case documented:
			var standard any
			if err := value.Decode(&standard); err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(standard)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, documentedValue{path, string(b), strings.ReplaceAll(description, "\n# ", " ")})
		case value.Kind == yaml.MappingNode && len(value.Content) > 0:
			values = append(values, documentedIn(t, value, path+".")...)
		default:
			t.Errorf("the value %s has no comment", path)
		}
	}
	return values
}
