package snapshot

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
)

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func TestErrors(t *testing.T) {
	const what = "expected an Envoy config_dump, istioctl proxy-config output, discovery responses or Envoy resources, " +
		"as JSON or YAML"
	random := strings.Repeat("x\xfe\xa0y", 10)
	dump := `{"configs":[{"dynamic_active_clusters":[{"cluster":` + clusterA + `}]}]}`
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "f: the input is empty; " + what},
		{"white space", " \n\t", "f: found nothing but white space; " + what},
		{"HTML", "<!DOCTYPE html><html>", `f:1:1: found HTML or XML ("<!DOCTYPE html><html"); ` + what},
		{"zeros", "\x00\x00\x00\x00\x00", "f: byte 0: found binary data (00 00 00 00); " + what},
		{"binary", random, "f: byte 1: found binary data (fe a0 79 78); " + what},
		{"UTF-16", "\xff\xfe{\x00", "f: byte 0: found UTF-16 text; " + what + ", in UTF-8"},
		{"null", "null", "f: found nothing but empty documents; " + what},
		{"number", "17", "f:1:1: found the number 17; " + what},
		{"text", "hello\nworld", `f:1:1: found the string "hello world"; ` + what},
		{"array of numbers", "[1, 2]", "f:1:2: found the number 1 in an array, expected an object; " + what},
		{"array of null", "[\n null]", "f:2:2: found null in an array, expected an object; " + what},
		{"array of arrays", "[[{}]]", "f:1:2: found an array in an array, expected an object; " + what},
		{"object of nothing", "{}", "f:1:1: found an object with no keys; " + what},
		{"JSON of something else", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{},"status":{},"more":1}`,
			`f:1:1: found an object with the keys "apiVersion", "kind", "metadata", "spec", "status", …; ` + what},
		{"YAML of something else", "# a Pod\napiVersion: v1\nkind: Pod\n",
			`f:2:1: found an object with the keys "apiVersion", "kind"; ` + what},
		{"package.json", `{"name":"x","version":"1","type":"module"}`,
			`f:1:1: found an object with the keys "name", "version", "type"; ` + what},
		{"no telling which resource", `[{"name":"x"}]`, `f:1:2: found an object with the keys "name"; ` + what},
		{"other type", `{"@type":"type.googleapis.com/x.Y","a":1}`,
			`f:1:1: found an object of type "type.googleapis.com/x.Y"; ` + what},
		{"only a type_url", `{"type_url":"x"}`, "f:1:1: found an object with a type_url and no resources; " + what},
		{"config_dump of 2018", `{"configs":{}}`, "f:1:12: found an object, expected the array configs"},
		{"configs of text", `{"configs":["x"]}`, `f:1:13: found the string "x" in an array, expected an object; ` + what},
		{"bootstrap of text", `{"configs":[{"bootstrap":"x"}]}`, `f:1:26: found the string "x", expected the object bootstrap`},
		{"cluster of text", "{\"static_clusters\":[\n\"x\"]}", "f:2:1: found a string in a list of kind cluster, expected an object"},
		{"resource of text", `{"static_clusters":[{"cluster":5}]}`,
			"f:1:32: found a number, expected an object of type envoy.config.cluster.v3.Cluster"},
		{"response of text", `{"resources":["x"]}`,
			"f:1:15: found a string among the resources of a discovery response, expected an object with an @type"},
		{"response of bare resources", `{"resources":[{"connect_timeout":"1s"}]}`,
			"f:1:15: found an object among the resources of a discovery response, expected an object with an @type"},
		{"delta of bare resources", `{"resources":[{"name":"x","resource":{"name":"x"}}]}`,
			"f:1:38: found a resource without an @type"},
		{"removal of nothing", `{"removed_resources":[1]}`, "f:1:23: removed_resources: found a number, expected a name"},
		{"removal of no type", `{"removed_resources":["x"]}`, "f:1:1: found removed_resources in a response without a type_url"},
		{"cut short", dump[:len(dump)-3], "f:1:151: the text ends in the middle of a value: the input is cut short"},
		{"cut short in a string", "{\n\"configs", "f:2:9: the text ends in the middle of a value: the input is cut short"},
		{"missing comma", "{\"configs\":[{\"static_clusters\":[\n {\"cluster\":{\"name\":\"a\"\n\"type\":1}}]}]}",
			`f:3:1: JSON: invalid character '"' after object key:value pair`},
		{"trailing comma", `[` + clusterA + `,]`, "f:1:100: JSON: invalid character ']' looking for beginning of value"},
		{"key without quotes", `{configs:[]}`, "f:1:2: JSON: invalid character 'c'"},
		{"rubbish after it", dump + "\n}", "f:2:1: JSON: invalid character '}' looking for beginning of value"},
		{"bad YAML", "configs:\n- a: b: c\n", "f:2: YAML: mapping values are not allowed in this context"},
		{"YAML with a merge", "a: &a {x: 1}\nb:\n  <<: *a\n",
			"f:3:3: YAML: found a key that is a merge, an alias or not a scalar, expected a string"},
		{"gzip of HTML", packed("<html>"), `f:1:1: found HTML or XML ("<html>"); ` + what},
		{"gzip of nothing", packed(""), "f: the input is empty; " + what},
		{"gzip of gzip", packed(packed(dump)), "f: byte 0: found binary data (1f 8b 08 00); " + what},
		{"gzip header alone", packed(dump)[:5], "f: byte 5: the gzip data is cut short"},
		{"bad value", "{\"static_clusters\":[{\"cluster\":{\"name\":\"a\",\n \"connect_timeout\":\"5x\"}}]}",
			`f:2:20: cluster/a: invalid google.protobuf.Duration value "5x"`},
		{"bad value beside unknown fields", "{\"static_clusters\":[{\"cluster\":{\"new\":{},\"name\":\"a\",\"é\":\"é\",\n" +
			`"metadata":{"typed_filter_metadata":{"x":{"@type":"x.Y","é":1}}},"new":[2],"type":{}}}]}`,
			"f:2:84: cluster/a: invalid value for enum field type: {"},
		{"duplicate field", `{"static_clusters":[{"cluster":{"name":"a","alt_stat_name":"x","altStatName":"y"}}]}`,
			`f:1:64: cluster/a: duplicate field "altStatName"`},
		{"bad node", `{"bootstrap":{"node":{"id":7}}}`, "f:1:28: node: invalid value for string field id: 7"},
		{"bad value in YAML", "configs:\n- static_clusters:\n  - cluster:\n      name: a\n      connect_timeout: [1]\n",
			"f:5:24: cluster/a: unexpected token ["},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Decode(source("f", test.text))
			if err == nil {
				t.Fatalf("got %v, want the error %q", paths(s), test.want)
			}
			if err.Error() != test.want {
				t.Errorf("got  %q\nwant %q", err, test.want)
			}
		})
	}
}

func TestErrorsOfGzipNameTheCompressedByte(t *testing.T) {
	text := readFile(t, "testdata/bookinfo/config_dump.json")
	whole := packed(text)
	_, err := Decode(source("f.gz", whole[:len(whole)-100]))
	if err == nil || !regexp.MustCompile(`^f\.gz: byte [1-9]\d+: the gzip data is cut short$`).MatchString(err.Error()) {
		t.Errorf("cut short: got %v", err)
	}
	broken := []byte(whole)
	broken[len(broken)-6] ^= 1 // the checksum
	_, err = Decode(source("f.gz", string(broken)))
	if err == nil || !strings.Contains(err.Error(), "the gzip data is damaged: gzip: invalid checksum") {
		t.Errorf("damaged: got %v", err)
	}
}

func TestSecondSourceIsNamed(t *testing.T) {
	_, err := Decode(source("good", clusterA), source("bad", "{"))
	if err == nil || !strings.HasPrefix(err.Error(), "bad:1:2: ") {
		t.Errorf("got %v, want an error in bad", err)
	}
	if _, err = Decode(Source{Reader: strings.NewReader("")}); err == nil || !strings.HasPrefix(err.Error(), "input: ") {
		t.Errorf("got %v, want an error in input", err)
	}
}

func TestReadErrorsAreKept(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, head := range []string{"", clusterA + strings.Repeat(" ", 1<<20), "a: b\n" + strings.Repeat("#\n", 1<<20)} {
		_, err := Decode(Source{"f", io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken))})
		if err == nil || !strings.HasPrefix(err.Error(), "f: ") || !strings.Contains(err.Error(), "disk on fire") {
			t.Errorf("after %d bytes: got %v, want the reader's error", len(head), err)
		}
	}
}

func TestForeignInputFailsAtOnce(t *testing.T) {
	for _, b := range []byte{0, ' ', '<', 0xff} {
		e := &endless{b: b}
		if _, err := Decode(Source{"f", e}); err == nil || e.read > 1<<20 {
			t.Errorf("endless %q: got %v after %d bytes, want an error within 1 MiB", b, err, e.read)
		}
	}
	e := &endless{b: 0}
	z, w := io.Pipe()
	go func() {
		pack := gzip.NewWriter(w)
		_, err := io.Copy(pack, e)
		_ = w.CloseWithError(err)
	}()
	_, err := Decode(Source{"f", z})
	_ = z.Close()
	if err == nil {
		t.Error("gzip of endless zeros: got no error")
	}
}

func TestNestingBombs(t *testing.T) {
	deep := 1_000_000
	for _, test := range []struct{ name, text string }{
		{"arrays", strings.Repeat("[", deep)},
		{"configs", strings.Repeat(`{"configs":[`, deep)},
		{"bootstraps", strings.Repeat(`{"bootstrap":`, deep)},
		{"metadata", `{"static_clusters":[{"cluster":{"name":"a","metadata":{"filter_metadata":{"a":` +
			strings.Repeat(`{"a":`, deep)},
		{"skipped", `{"configs":[{"new":` + strings.Repeat("[", deep)},
		{"held", `{"name":` + strings.Repeat("[", deep)},
		{"YAML arrays", "a: " + strings.Repeat("[", deep)},
		{"YAML that contains itself", "a: &a [*a]"},
		{"YAML aliases of long keys", "a0: &a0 {" + strings.Repeat("x", 1<<20) + ": 1}\n" + aliases(3)},
		{"YAML aliases of long strings", "a0: &a0 " + strings.Repeat("x", 1<<20) + "\n" + aliases(3)},
		{"YAML aliases", "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + aliases(20)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if s, err := Decode(source("f", test.text)); err == nil || len(err.Error()) > 1000 {
				t.Errorf("got %v and %.2000v, want a short error", s, err)
			}
		})
	}
}

// aliases are n levels of lists of ten aliases each to the level above.
func aliases(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		name, above := string(rune('a'+i)), string(rune('a'+i-1))
		if i == 1 {
			above = "a0"
		}
		b.WriteString(name + ": &" + name + " [" + strings.Repeat("*"+above+",", 9) + "*" + above + "]\n")
	}
	return b.String()
}

// A small input must not become one that exhausts the machine.
func TestUnpackingHasALimit(t *testing.T) {
	text := packed(strings.Repeat(" ", 1000))
	z, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(&gunzip{z: z, source: "bomb.gz", raw: &counter{}, left: 999})
	if want := "bomb.gz: unpacked, it has more than 512 MiB"; err == nil || err.Error() != want || !errors.Is(err, ErrUnpacked) {
		t.Errorf("got %v, want %s", err, want)
	}
}
