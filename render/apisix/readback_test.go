package apisix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

func TestReadBackEverything(t *testing.T) {
	c := everything()
	checkReadBack(t, c, wanted(t, c))
}

func TestReadBackNasty(t *testing.T) {
	for _, s := range nasty() {
		t.Run(fmt.Sprintf("%.20q", s), func(t *testing.T) {
			c := fill(s, "k", 1, 0.5)
			checkReadBack(t, c, wanted(t, c))
		})
	}
}

func TestReadBackKeys(t *testing.T) {
	long := strings.Repeat("k", 1022)
	for _, tt := range []struct{ name, key, want string }{
		{"empty", "", ""},
		{"yes", "yes", "yes"},
		{"substitution", "${{HOME}}", "${{HOME}}"},
		{"escape", "a\"\\\n\u2028", "a\"\\\n\u2028"},
		{"astral", "😀", "😀"},
		{"merge key", "<<", "\ufffd\ufffd"},
		{"NUL", "a\x00b", "a\ufffdb"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"longest", long, long},
		{"too long", long + "k", long[:170]},
		{"too long between characters", strings.Repeat("é", 600), strings.Repeat("é", 85)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, want := everything(), everything()
			c.Routes[0].Labels = map[string]string{tt.key: "v", "other": "x"}
			want.Routes[0].Labels = map[string]string{tt.want: "v", "other": "x"}
			checkReadBack(t, c, wanted(t, want))
		})
	}
}

// Keys that differ only in what is replaced must not become one key twice, which some readers refuse.
func TestReadBackKeysThatCollide(t *testing.T) {
	c, want := everything(), everything()
	c.Routes[0].Labels = map[string]string{"a\x00": "first", "a\xff": "second", "a\ufffd": "last", "b": "x"}
	want.Routes[0].Labels = map[string]string{"a\ufffd": "first", "b": "x"}
	checkReadBack(t, c, wanted(t, want))
}

func TestReadBackNumbers(t *testing.T) {
	for _, x := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 0.25, 1e-6, 9.99e-7, 1.5e-7, 1e20, 1e21, 1.5e21, 123456.789, 1 << 53, 1e300, 5e-324, math.MaxFloat64,
	} {
		c := fill("s", "k", 1<<53, x)
		checkReadBack(t, c, wanted(t, c))
	}
}

// What has no JSON is written as something that reads, and never as null.
func TestReadBackWhatCannotBe(t *testing.T) {
	c, want := everything(), everything()
	c.Routes[1].Timeout = &apisix.Timeout{Connect: math.NaN(), Send: math.Inf(1), Read: math.Inf(-1)}
	want.Routes[1].Timeout = &apisix.Timeout{}
	c.Routes[1].Vars = []apisix.Expr{apisix.Compare("x", apisix.OpEqual, nil), apisix.Compare("x", apisix.OpIn, []any{nil})}
	want.Routes[1].Vars = []apisix.Expr{apisix.Compare("x", apisix.OpEqual, ""), apisix.Compare("x", apisix.OpIn, []any{""})}
	c.Routes[1].Plugins, want.Routes[1].Plugins = &apisix.Plugins{}, &apisix.Plugins{}
	checkReadBack(t, c, wanted(t, want))
}

// Our own JSON reads back into the types, expressions included.
func TestUnmarshalConfig(t *testing.T) {
	want := everything()
	want.Upstreams[1].Nodes = []apisix.Node{}
	for _, f := range []apisix.Format{apisix.Lines, apisix.JSON} {
		text := apisix.Encode(want, apisix.EncodeOptions{Format: f, Header: "h"})
		var got apisix.Config
		if err := json.Unmarshal(withoutComments(text), &got); err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		if again := apisix.Encode(&got, apisix.EncodeOptions{Format: f, Header: "h"}); !bytes.Equal(again, text) {
			t.Errorf("%v: got\n%s\nwant\n%s", f, again, text)
		}
		for i := range got.Routes {
			for _, r := range want.Routes {
				if r.ID == got.Routes[i].ID && !reflect.DeepEqual(got.Routes[i], r) {
					t.Errorf("%v: got %+v, want %+v", f, got.Routes[i], r)
				}
			}
		}
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range nasty() {
		if len(s) < 100 {
			f.Add(s, "k"+s, 1, 0.5)
		}
	}
	f.Add("s", "<<", -1, 1e21)
	f.Add("s", "", 1<<53, 1e-7)
	f.Fuzz(func(t *testing.T, s, key string, i int, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) || int(float64(i)) != i {
			t.Skip("no number that JSON holds")
		}
		c := fill(s, key, i, x)
		text := apisix.Encode(c, apisix.EncodeOptions{Format: apisix.Lines})
		want := readJSON(t, withoutComments(text))
		if !badKey(c) {
			want = wanted(t, c)
		}
		checkReadBack(t, c, want)
	})
}

// badKey tells whether a key of c is one that Validate refuses, and Encode replaces.
func badKey(c *apisix.Config) bool {
	for _, p := range c.Validate(apisix.Block) {
		if strings.HasPrefix(p.Field, "labels.") && !strings.HasPrefix(p.Field, "labels.other") || strings.Contains(p.Message, "key") {
			return true
		}
	}
	return false
}
