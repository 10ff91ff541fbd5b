package cmd

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// largeDumpText is a dump with one cluster and so many bytes that nobody reads.
func largeDumpText(bytes int) io.Reader {
	item := `{"version_info":"` + strings.Repeat("1", 1000) + `"},`
	return io.MultiReader(
		strings.NewReader(`{"configs":[{"static_route_configs":[`),
		io.LimitReader(&repeated{text: item}, int64(bytes/len(item)*len(item))),
		strings.NewReader(`{}]},{"static_clusters":[{"cluster":{"name":"a","type":"EDS"}}]}]}`),
	)
}

// repeated is a text again and again.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], r.text[r.at:])
		n, r.at = n+copied, (r.at+copied)%len(r.text)
	}
	return n, nil
}

// readInput reads an input as commands do that are given no flags.
func readInput(path string, stdin io.Reader) (*input, error) {
	f := new(inputFlags)
	f.declareInput(pflag.NewFlagSet("", pflag.ContinueOnError))
	return f.read(path, Streams{In: stdin})
}

func TestLargeDumpsAreNotHeld(t *testing.T) {
	const size = 64 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	in, err := readInput("-", largeDumpText(size))
	runtime.ReadMemStats(&after)
	if err != nil || in.snapshot.Clusters().Len() != 1 {
		t.Fatalf("got %v and %v, want a dump with one cluster", in, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size/8 {
		t.Errorf("reading %d MiB took %d MiB", size>>20, allocated>>20)
	}
}

// What a file is does not depend on how large it is, or whether it is packed.
func TestInputsOfAllSizes(t *testing.T) {
	for _, test := range []struct{ name, start, end, want string }{
		{"dump", `{"configs":[`, `{"static_clusters":[{"cluster":{"name":"a","type":"EDS"}}]}]}`, "dump"},
		{"dump in an array", `[{"configs":[`, `{}]}]`, "dump"},
		{"apisix.yaml", "routes: []\n", "#END\n", "file"},
		{"apisix.json", `{"routes":[`, `]}`, "file"},
		{"apisix.yaml of nothing", "{}", "\n#END\n", "file"},
		{"manifest", `{"kind":"Pod"`, `}`, "found Kubernetes manifests"},
		{"broken dump", `{"configs":[`, `}`, ":1:"},
	} {
		for _, size := range []int{0, 2 * largeText} {
			text := test.start + strings.Repeat(" ", size) + test.end
			if strings.HasPrefix(test.want, "file") && !strings.HasPrefix(test.start, `{"`) {
				text = strings.Repeat("#\n", size/2) + test.start + test.end
			}
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			_, _ = io.WriteString(z, text)
			_ = z.Close()
			for kind, text := range map[string]string{"plain": text, "packed": packed.String()} {
				path := filepath.Join(t.TempDir(), "input")
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				in, err := readInput(path, nil)
				got := ""
				switch {
				case err != nil:
					got = err.Error()
				case in.file != nil:
					got = "file"
				case in.snapshot != nil:
					got = "dump"
				}
				if !strings.Contains(got, test.want) {
					t.Errorf("%s, %s, %d bytes more: got %s, want %s", test.name, kind, size, got, test.want)
				}
			}
		}
	}
}

func TestPackedTextThatIsCutShort(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "routes: []\n#END\n")
	_ = z.Close()
	path := filepath.Join(t.TempDir(), "apisix.yaml.gz")
	if err := os.WriteFile(path, packed.Bytes()[:packed.Len()-9], 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := readText(path, nil)
	if err == nil || !strings.HasPrefix(err.Error(), path+": byte ") || !strings.HasSuffix(err.Error(), ": the gzip data is cut short") {
		t.Errorf("got %v, want that it is cut short, and where", err)
	}
}
