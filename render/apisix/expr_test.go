package apisix_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

func TestExprJSON(t *testing.T) {
	a, b := apisix.Present("a"), apisix.Compare("b", apisix.OpLess, 1.5)
	for _, tt := range []struct {
		name string
		x    apisix.Expr
		want string
	}{
		{"comparison", a, `["a","~~","\\A"]`},
		{"negated", apisix.Not(a), `["a","!","~~","\\A"]`},
		{"whole number", apisix.Compare("n", apisix.OpGreater, -3), `["n",">",-3]`},
		{"fraction", b, `["b","<",1.5]`},
		{"list", apisix.Compare("c", apisix.OpIn, []any{"", true, 7}), `["c","in",["",true,7]]`},
		{"and", apisix.And(a, b), `["AND",["a","~~","\\A"],["b","<",1.5]]`},
		{"not or", apisix.Not(apisix.Or(a, b)), `["!OR",["a","~~","\\A"],["b","<",1.5]]`},
		{"one part", apisix.Or(a), `["a","~~","\\A"]`},
		{"nested", apisix.Or(a, apisix.Not(apisix.And(a, b))), `["OR",["a","~~","\\A"],["!AND",["a","~~","\\A"],["b","<",1.5]]]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.x.MarshalJSON()
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s %v, want %s", got, err, tt.want)
			}
			var back apisix.Expr
			if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, tt.x) {
				t.Errorf("read back: got %+v %v, want %+v", back, err, tt.x)
			}
		})
	}
}

// What we never write, but lua-resty-expr reads.
func TestExprUnmarshal(t *testing.T) {
	a := apisix.Compare("a", apisix.OpEqual, "x")
	for in, want := range map[string]apisix.Expr{
		`["a","x"]`:                          a,
		`["a","IN",["x"]]`:                   apisix.Compare("a", apisix.OpIn, []any{"x"}),
		`[["a","x"]]`:                        a,
		`[["a","x"],["a","x"]]`:              apisix.And(a, a),
		`["!or",["a","x"],[["a","==","x"]]]`: apisix.Not(apisix.Or(a, a)),
		` [ "a" , "==" , 1e300 ] `:           apisix.Compare("a", apisix.OpEqual, 1e300),
	} {
		var got apisix.Expr
		if err := json.Unmarshal([]byte(in), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{
		`{}`, `"a"`, `[]`, `null`, `["a"]`,
		`[1,"==","x"]`, `["a",1,"x"]`, `["a","?","==","x"]`, `["a","!","==","x","y"]`, `["OR",["a","x"],1]`, `[["a"],1]`,
	} {
		var got apisix.Expr
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s: got %+v, want an error", in, got)
		}
	}
}

func FuzzExprUnmarshal(f *testing.F) {
	f.Add([]byte(`["OR",["a","!","~~","\\A"],[["b",1.5],["c","in",["x",2,true]]]]`))
	f.Add([]byte(`["a",null]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var x, again apisix.Expr
		if json.Unmarshal(data, &x) != nil {
			return
		}
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if twice, _ := json.Marshal(again); string(twice) != string(text) {
			t.Errorf("got %s, want %s", twice, text)
		}
	})
}
