package lua

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// luaDir is where the plugins are, as they are laid out for APISIX's extra_lua_path.
const luaDir = "../../templates/lua"

// maxLines is how long a Lua file must stay under.
const maxLines = 150

// filesBelow is the Lua files below a directory of luaDir.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(luaDir, dir), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".lua") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no Lua files in %s", dir)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Each file is short, and its header says why it is needed at all, and by what APISIX loads it.
func TestFilesAreShortAndExplained(t *testing.T) {
	for _, file := range filesBelow(t, "amesh") {
		text := read(t, file)
		if n := bytes.Count(text, []byte("\n")); n >= maxLines {
			t.Errorf("%s has %d lines, want fewer than %d", file, n, maxLines)
		}
		var header strings.Builder
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "--") {
				break
			}
			header.WriteString(line)
		}
		for _, want := range []string{"APISIX", "Loaded by "} {
			if !strings.Contains(header.String(), want) {
				t.Errorf("the header of %s does not say %q", file, want)
			}
		}
	}
}

var entryPoint = regexp.MustCompile(`^return require\("amesh\.([a-z_]+)"\)\n$`)

// The files that APISIX finds by name are nothing but the way to ours, and ours bear the name.
func TestEntryPoints(t *testing.T) {
	for _, file := range filesBelow(t, "apisix") {
		found := entryPoint.FindSubmatch(read(t, file))
		if found == nil {
			t.Errorf("%s is no one-line entry point", file)
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".lua")
		module := read(t, filepath.Join(luaDir, "amesh", string(found[1])+".lua"))
		if !bytes.Contains(module, []byte(`name = "`+name+`"`)) {
			t.Errorf("%s loads amesh.%s, which does not call itself %s", file, found[1], name)
		}
		if stream := strings.Contains(file, "/stream/"); stream != bytes.Contains(module, []byte("for stream")) {
			t.Errorf("%s loads amesh.%s, which is for the other subsystem", file, found[1])
		}
	}
}

func TestSyntax(t *testing.T) {
	s := start(t, configuration{}, "")
	for _, file := range append(filesBelow(t, "amesh"), filesBelow(t, "apisix")...) {
		got := s.ask(t, "test", "/test/syntax?file="+url.QueryEscape(absolute(t, file)))
		if got.body != "ok\n" {
			t.Errorf("%s: %s", file, got.body)
		}
	}
}
