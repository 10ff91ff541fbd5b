package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestStamp(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"plain", "routes: []\n", "# gen 7\nroutes: []\n"},
		{"empty", "", "# gen 7\n"},
		{"stamped already", "# gen 123\nroutes: []\n", "# gen 7\nroutes: []\n"},
		{"stamped with the greatest number", "# gen 9223372036854775807\nx\n", "# gen 7\nx\n"},
		{"a number too great", "# gen 9223372036854775808\nx\n", "# gen 7\n# gen 9223372036854775808\nx\n"},
		{"a number far too long", "# gen 00000000000000000000000001\n", "# gen 7\n# gen 00000000000000000000000001\n"},
		{"zero", "# gen 0\nx\n", "# gen 7\n# gen 0\nx\n"},
		{"negative", "# gen -1\nx\n", "# gen 7\n# gen -1\nx\n"},
		{"no number", "# gen x\n", "# gen 7\n# gen x\n"},
		{"another comment", "# generated\n", "# gen 7\n# generated\n"},
		{"no newline", "# gen 5", "# gen 7\n# gen 5"},
		{"not at the beginning", "\n# gen 5\n", "# gen 7\n\n# gen 5\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(Stamp(7, []byte(tt.content))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWriteGeneration(t *testing.T) {
	const now = 1_700_000_000
	tests := []struct {
		name      string
		old       string
		generated bool
		content   string
		want      string
	}{
		{"only the number differs", "# gen 5\nsame\n", true, "same\n", "# gen 5\nsame\n"},
		{"only the number differs, stamped by the caller", "# gen 5\nsame\n", true, "# gen 6\nsame\n", "# gen 5\nsame\n"},
		{"the content differs", "# gen 5\nold\n", true, "new\n", "# gen 1700000000\nnew\n"},
		{"the number is ahead of the clock", "# gen 1800000000\nold\n", true, "new\n", "# gen 1800000001\nnew\n"},
		{"the number is absurd", "# gen 9223372036854775807\nold\n", true, "new\n", "# gen 1700000000\nnew\n"},
		{"the line is missing", "same\n", true, "same\n", "# gen 1700000000\nsame\n"},
		{"the line is not wanted", "# gen 5\nsame\n", false, "same\n", "same\n"},
		{"the line is the caller's", "# gen 5\nsame\n", false, "# gen 6\nsame\n", "# gen 6\nsame\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "apisix.yaml")
			if err := os.WriteFile(path, []byte(tt.old), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Unix(5, 0)); err != nil {
				t.Fatal(err)
			}
			f := File{Path: path, Generation: tt.generated, Now: clock(now)}
			result, err := f.Write([]byte(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != tt.want || result.Size != int64(len(got)) || result.Written != (got != tt.old) {
				t.Errorf("file holds %q, result %+v, want %q", got, result, tt.want)
			}
			var generation int64
			if fmt.Sscanf(tt.want, "# gen %d\n", &generation); tt.generated && result.Generation != generation {
				t.Errorf("got generation %d, want %d", result.Generation, generation)
			}
		})
	}
}
