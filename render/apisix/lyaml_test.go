package apisix_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// dump is a Lua program that reads files as APISIX does and prints, on a line for each, what it read in the form of
// canonical.
const dump = `
local load = require("lyaml").load
local function print_node(v)
  if type(v) == "string" then
    return '"' .. v:gsub(".", function(c) return ("%02x"):format(c:byte()) end) .. '"'
  elseif type(v) == "number" then
    return ("%.17g"):format(v)
  elseif type(v) ~= "table" then
    return tostring(v)
  end
  assert(not getmetatable(v), "null")
  local out = {}
  if #v > 0 then
    for i, x in ipairs(v) do out[i] = print_node(x) end
  else
    for k, x in pairs(v) do out[#out + 1] = print_node(k) .. ":" .. print_node(x) end
    table.sort(out)
  end
  return "[" .. table.concat(out, ",") .. "]"
end
for _, name in ipairs(arg) do
  local ok, text = pcall(function() return print_node(load(assert(io.open(name, "rb")):read("*a"))) end)
  print((tostring(text):gsub("\n", " ")))
end
`

// canonical is one text for one tree; Lua cannot tell an empty list from an empty map, so they are the same.
func canonical(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf(`"%x"`, v)
	case float64:
		return fmt.Sprintf("%.17g", v)
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, canonical(x))
		}
		return "[" + strings.Join(out, ",") + "]"
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, canonical(k)+":"+canonical(v[k]))
		}
		slices.Sort(out)
		return "[" + strings.Join(out, ",") + "]"
	}
	return fmt.Sprint(v)
}

// TestLyaml reads both YAML formats with lyaml, the binding of libyaml that APISIX uses.
func TestLyaml(t *testing.T) {
	lua, err := exec.LookPath("lua5.1")
	if err != nil || exec.Command(lua, "-l", "lyaml", "-e", "").Run() != nil {
		t.Skip("no lua5.1 with lyaml (Debian: lua5.1, lua-yaml)")
	}
	configs := map[string]*apisix.Config{"everything": everything(), "empty": {}}
	for i, s := range nasty() {
		if len(s) > 10_000 {
			continue // reading it forty times takes seconds
		}
		configs[fmt.Sprintf("nasty %d %.20q", i, s)] = fill(s, "k", 1, 0.25)
		if len(s) < 100 {
			configs[fmt.Sprintf("key %d %.20q", i, s)] = fill("s", "k"+s, 1, 0.25)
		}
	}
	for _, x := range []float64{1e-6, 9.99e-7, 0.1, 1e20, 1e21, 123456.789, 1 << 53, 5e-324} {
		configs[fmt.Sprint("number ", x)] = fill("s", "k", 1<<53, x)
	}
	configs["long value"] = &apisix.Config{Routes: []*apisix.Route{{ID: strings.Repeat("a", 100_000)}}}
	configs["longest key"] = fill("s", strings.Repeat("k", 1022), 1, 1)
	configs["longest key with escapes"] = fill("s", strings.Repeat("\x7f", 170), 1, 1)
	configs["merge key"] = fill("s", "<<", 1, 1)
	var names, files, want []string
	dir := t.TempDir()
	for name, c := range configs {
		tree := canonical(readJSON(t, apisix.Encode(c, apisix.EncodeOptions{Format: apisix.JSON})))
		for _, f := range []apisix.Format{apisix.Block, apisix.Lines} {
			file := filepath.Join(dir, fmt.Sprint(len(files)))
			if err := os.WriteFile(file, apisix.Encode(c, apisix.EncodeOptions{Format: f, Header: "h"}), 0o600); err != nil {
				t.Fatal(err)
			}
			names, files, want = append(names, name+" "+f.String()), append(files, file), append(want, tree)
		}
	}
	got := runLua(t, lua, files)
	if len(got) != len(want) {
		t.Fatalf("lua printed %d lines for %d files", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: got %.2000s, want %.2000s", names[i], got[i], want[i])
		}
	}
}

func runLua(t *testing.T, lua string, files []string) []string {
	t.Helper()
	cmd := exec.Command(lua, append([]string{"-"}, files...)...)
	cmd.Stdin = strings.NewReader(dump)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lua: %v: %.500s", err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}
