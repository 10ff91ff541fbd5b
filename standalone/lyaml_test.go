package standalone_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/standalone"
)

// dump is a Lua program that reads files as APISIX does and prints, on a line for each, what it read in the form of
// canonical, or that it read nothing.
const dump = `
local load = require("lyaml").load
local function print_node(v)
  if type(v) == "string" then
    return '"' .. v:gsub(".", function(c) return ("%02x"):format(c:byte()) end) .. '"'
  elseif type(v) == "number" then
    return ("%.17g"):format(v)
  elseif type(v) ~= "table" then
    return tostring(v)
  elseif getmetatable(v) then
    return "null"
  end
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
  print(ok and text or "refused")
end
`

// canonical is one text for one tree; Lua cannot tell an empty list from an empty map, so they are the same.
func canonical(n *standalone.Node) string {
	var out []string
	switch n.Kind {
	case standalone.Null:
		return "null"
	case standalone.Bool:
		return fmt.Sprint(n.Bool)
	case standalone.Number:
		if math.IsNaN(n.Number) {
			return "-nan" // as C prints it
		}
		return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%.17g", n.Number), "+"))
	case standalone.String:
		return fmt.Sprintf(`"%x"`, n.Text)
	case standalone.List:
		for _, item := range n.Items {
			out = append(out, canonical(item))
		}
	case standalone.Map:
		if isArray(n) {
			return "[" + canonical(n.Entries[0].Value) + "]"
		}
		for _, e := range n.Entries {
			out = append(out, canonical(e.Key)+":"+canonical(e.Value))
		}
		slices.Sort(out)
	}
	return "[" + strings.Join(out, ",") + "]"
}

// isArray reports whether Lua takes a map for a list: the only key is the number 1.
func isArray(n *standalone.Node) bool {
	return len(n.Entries) == 1 && n.Entries[0].Key.Kind == standalone.Number && n.Entries[0].Key.Number == 1
}

// scalars are plain scalars whose type is not what everybody would say.
var scalars = strings.Fields(`
	~ null Null NULL nULL true True TRUE tRUE yes Yes YES y Y n N no No NO on On ON off Off OFF false
	0 -0 +0 1 -1 +1 10 007 08 0o7 017 -017 +017 0_7 0_ 01_ 1_000 _1 __1 -_1 1_ 1__0 099
	0x1 0x1F 0X1F -0x1f 0x_1 0x1_ 0x 0x1.8 0x1.8p1 0x1p4 0xe 0x1e 0b1 0b11 0b_11 -0b101 0b12 0b1_ 0B11
	1.5 -1.5 +1.5 .5 5. . .. 1.2.3 _1.5 1_0.5 1e3 1E3 1e+3 1e-3 1.e3 e3 1e 1e400 -1e400 .inf -.inf +.INF .Inf .nan .NaN .NAN -.nan nan inf Infinity infinite
	1:30 0:90 190:20:30 1:60 1::2 -1:30 +1:30 1:2:99 99:99 190:20:30.15 1:30. 1:30.5 1:30.x 10:00:00 ::1 1:a a:1
	2001-01-01 10.0.0.1 10.0.0.0/8 0.0.0.0:80 1,000 1e3e 12e03 0e0 -e3 1-2 +-1 --1 + - <<a = ! 1_e3 0x1_e 1.8_ 1_.5
`)

// TestLyaml reads texts with lyaml, the binding of libyaml that APISIX uses, and compares.
func TestLyaml(t *testing.T) {
	lua, err := exec.LookPath("lua5.1")
	if err != nil || exec.Command(lua, "-l", "lyaml", "-e", "").Run() != nil {
		t.Skip("no lua5.1 with lyaml (Debian: lua5.1, lua-yaml): not compared with APISIX's reader")
	}
	var texts []string
	for _, s := range scalars {
		texts = append(texts, "a: "+s+"\n", "a: [x, "+s+"]\n", s+": 1\n")
		for _, tag := range []string{"str", "int", "float", "bool", "null"} {
			texts = append(texts, "a: !!"+tag+" "+s+"\n")
		}
	}
	texts = append(texts,
		"a: \n", "a:\nb: ''\n", "a: \"x\\0y\"\n", "a: 'yes'\nb: \"1\"\nc: |\n  1\n", "a: !foo 1\nb: !foo x\n", "a: ! 1\n", "a: !!int \"12\"\n",
		"a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}\ne: {b: 3, <<: *x}\nf: {\"<<\": *x}\n", "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}\nf: {<<: [*y, *x], b: 9}\n",
		"a: {<<: 1}\n", "a: 1:5:\n", "a: \"\\/x\"\nb: '\\/'\n", "a: {<<: [1]}\n", "a: {<<: ~}\n", "a: &x 1\nb: *x\n", "b: *nobody\n", "a: 1\na: 2\n", "a: {b: 1, b: 2}\n",
		"---\na: 1\n---\na: 2\n", "a: 1\n...\nb: [\n", "a: 1\n--- x\n", "# only a comment\n", "", "[a, b]\n", "x\n", "a: [1, 2\n", "a: 'x\n", "a:\tb\n", "a: b: c\n", "\ta: 1\n",
		"a: \"\\ud83d\\ude00\"\n", "a: \"\\u00e9\\x41\\/\\e\"\n", "a: \x7f\n", "a: \u0081\n", "a: \u0085b\n", "a: \u2028b\n", "a: \ufeffb\n", "\ufeffa: b\n", "a: \ufffe\n", "a: \xff\n", "a: 😀\n", "a: \x00\n",
		"{\"a\":1,\"b\":[1,2.5,true,null,\"x\"],\"c\":{}}\n", "{\"a\" :1, \"b\"\n: 2}\n", "{\"a\":1}\n# end\n", "{\"a\":1} x\n", "{\"a\":1,}\n", "[1,]\n", "{\"a\":\"\\/\\u0041\\b\\f\"}\n", "{\"a\":\"x\ny\"}\n", "{\"a\":1#x\n}\n",
		"{\"<<\":{\"a\":1},\"b\":2}\n", "{\"a\":1,\"a\":2}\n", "{\"a\":-0,\"b\":1e3,\"c\":1E-2,\"d\":01}\n", "{\"a\": \"\\ud83d\\ude00\"}\n", "{\t\"a\":\t1}\n", "{\"a\":\"\\u0000b\"}\n",
		"{"+strings.Repeat("k", 10)+": 1}\n", "{\""+strings.Repeat("k", 1021)+"\":1}\n", "{\""+strings.Repeat("k", 1022)+"\":1}\n", "{\""+strings.Repeat("k", 1023)+"\":1}\n", "{\""+strings.Repeat("é", 1022)+"\":1}\n", "{\""+strings.Repeat("é", 1023)+"\":1}\n",
		strings.Repeat("k", 1023)+": 1\n", strings.Repeat("k", 1024)+": 1\n", strings.Repeat("k", 1025)+": 1\n", "yes: 1\n~: 2\n",
		"a: >\n  x\n  y\nb: |-\n  z\n", "a: 'it''s'\n", "a: x #c\n", "a: x#c\n", "- a\n- b\n", "a:\n- 1\n- 2\n", "a: %x\n", "a: @x\n", "a: `x\n", "%YAML 1.1\n---\na: yes\n", "%YAML 1.2\n---\na: yes\n", "%FOO\n---\na: 1\n",
	)
	dir := t.TempDir()
	var files []string
	for i, text := range texts {
		file := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	cmd := exec.Command(lua, append([]string{"-"}, files...)...)
	cmd.Stdin = strings.NewReader(dump)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lua: %v: %.500s", err, out)
	}
	wants := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(wants) != len(texts) {
		t.Fatalf("lua printed %d lines for %d files", len(wants), len(texts))
	}
	for i, want := range wants {
		got := "refused"
		if f, err := standalone.Read("apisix.yaml", []byte(texts[i])); err == nil {
			got = canonical(f.Root())
		}
		if strings.Contains(texts[i], "!!float -0") {
			continue // is 0 there, which is the same
		}
		if got != want && !(want == "nil" && got == "null") {
			t.Errorf("%.100q: got %.200s, lyaml reads %.200s", texts[i], got, want)
		}
	}
}
