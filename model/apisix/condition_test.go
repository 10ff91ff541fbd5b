package apisix

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

func TestConditions(t *testing.T) {
	const target = "/a%2Fb//c?q=x&q=y&flag&empty=&plus=a+b%20c&flag=late"
	request := get("Host.Example:8080", target,
		model.Header{Name: "x", Value: "a"}, model.Header{Name: "x", Value: "b"},
		model.Header{Name: "x-y", Value: "dash"}, model.Header{Name: "x_y", Value: "under"},
		model.Header{Name: "empty", Value: ""},
		model.Header{Name: "n", Value: "10"}, model.Header{Name: "float", Value: "1.5"},
		model.Header{Name: "hex", Value: "0x10"}, model.Header{Name: "word", Value: "ten"},
		model.Header{Name: "cookie", Value: "c=1; d=2"}, model.Header{Name: "cookie", Value: "c=3"},
	)
	request.Random = 0x1fffffffffffffff
	is := func(name, op string, v any) conf.Expr { return conf.Compare(name, op, v) }
	not := conf.Not
	yes, no := conf.Present("uri"), conf.Present("http_absent")
	for _, tc := range []struct {
		name string
		expr conf.Expr
		want model.Verdict
	}{
		{"uri is normalised", is("uri", "==", "/a/b/c"), model.Yes},
		{"real_request_uri is not", is("real_request_uri", "==", target), model.Yes},
		{"host", is("host", "==", "host.example"), model.Yes},
		{"http_host", is("http_host", "==", "Host.Example:8080"), model.Yes},
		{"server_port", is("server_port", "==", "15001"), model.Yes},
		{"original destination", is("connection_original_dst", "==", "10.0.0.7:9080"), model.Yes},
		{"original port", is("connection_original_dst", "~~", `:9080\z`), model.Yes},
		{"method", is("request_method", "==", "GET"), model.Yes},
		{"scheme", is("scheme", "==", "http"), model.Yes},
		{"request_id", is("request_id", "~~", `\A(?:0[0-9a-f]|1[0-9a-f])`), model.Yes},

		{"repeated header", is("http_x", "==", "a, b"), model.Yes},
		{"underscore and dash are one", is("http_x_y", "==", "dash, under"), model.Yes},
		{"a dash in the variable", is("http_x-y", "==", "dash, under"), model.Yes},
		{"empty header is present", conf.Present("http_empty"), model.Yes},
		{"absent header is not", conf.Present("http_absent"), model.No},
		{"absent", not(conf.Present("http_absent")), model.Yes},
		{"cookie, the last one", is("cookie_c", "==", "3"), model.Yes},
		{"cookies are joined with ;", is("http_cookie", "==", "c=1; d=2; c=3"), model.Yes},

		{"argument, the first one", is("arg_q", "==", "x"), model.Yes},
		{"argument without =", is("arg_flag", "==", ""), model.No},
		{"is true", is("arg_flag", "==", true), model.Yes},
		{"or either", is("arg_flag", "in", []any{"", true}), model.Yes},
		{"a regex sees the text true", is("arg_flag", "~~", `\Atrue\z`), model.Yes},
		{"argument with =", is("arg_empty", "==", ""), model.Yes},
		{"argument is decoded", is("arg_plus", "==", "a b c"), model.Yes},
		{"argument names are case-sensitive", conf.Present("arg_Q"), model.No},

		{"~= of an equal", is("http_n", "~=", "10"), model.No},
		{"~= of another", is("http_n", "~=", "11"), model.Yes},
		{"~= of an absent one", is("http_absent", "~=", "10"), model.Yes},
		{"== of an absent one", is("http_absent", "==", ""), model.No},
		{"! == of an absent one", not(is("http_absent", "==", "x")), model.Yes},
		{"== with a number", is("http_n", "==", 10.0), model.Yes},
		{"== with a number, hexadecimal", is("http_hex", "==", 16), model.Yes},
		{"== with a number, a word", is("http_word", "==", 10), model.No},
		{"~= with a number, a word", is("http_word", "~=", 10), model.Yes},

		{"> is numeric", is("http_n", ">", 9), model.Yes},
		{"> of text", is("http_n", ">", "9"), model.Yes},
		{">= of its equal", is("http_n", ">=", 10), model.Yes},
		{"< of its equal", is("http_n", "<", 10), model.No},
		{"<= of a fraction", is("http_float", "<=", 2), model.Yes},
		{"> of a word", is("http_word", ">", 1), model.No},
		{"! > of a word", not(is("http_word", ">", 1)), model.Yes},
		{"> of an absent one", is("http_absent", ">", 1), model.No},
		{"! > of an absent one", not(is("http_absent", ">", 1)), model.Yes},

		{"in", is("http_n", "in", []any{"9", "10"}), model.Yes},
		{"in: a number is not a string", is("http_n", "in", []any{10}), model.No},
		{"! in of an absent one", not(is("http_absent", "in", []any{"9"})), model.Yes},
		{"has needs a table", is("http_n", "has", "10"), model.No},
		{"ipmatch", is("remote_addr", "ipmatch", []any{"192.168.0.0/16", "10.9.0.0/24"}), model.Yes},
		{"ipmatch of one address", is("realip_remote_addr", "ipmatch", "10.9.0.1"), model.Yes},
		{"ipmatch of too many bits", is("remote_addr", "ipmatch", "1.0.0.0/33"), model.Yes},
		{"ipmatch elsewhere", is("remote_addr", "ipmatch", "10.9.1.0/24"), model.No},
		{"! ipmatch of an absent one", not(is("http_absent", "ipmatch", "10.0.0.0/8")), model.Yes},
		{"ipmatch of no address", is("http_word", "ipmatch", "10.0.0.0/8"), model.No},

		{"regex is unanchored", is("http_word", "~~", "e"), model.Yes},
		{"regex is case-sensitive", is("http_word", "~~", "TEN"), model.No},
		{"regex that folds", is("http_word", "~*", "TEN"), model.Yes},
		{"anchored", is("uri", "~~", `\A/a(?:/|\z)`), model.Yes},
		{"broken regex", is("uri", "~~", "("), model.No},
		{"broken regex, negated: fails open", not(is("uri", "~~", "(")), model.Yes},
		{"PCRE only", is("uri", "~~", "(?=x)"), model.Unknown},
		{"PCRE only, negated", not(is("uri", "~~", "a++")), model.Unknown},

		{"AND", conf.And(yes, yes), model.Yes},
		{"AND, one not", conf.And(yes, no), model.No},
		{"OR", conf.Or(no, yes), model.Yes},
		{"OR, none", conf.Or(no, no), model.No},
		{"!AND", not(conf.And(yes, no)), model.Yes},
		{"!AND of all", not(conf.And(yes, yes)), model.No},
		{"!OR", not(conf.Or(no, no)), model.Yes},
		{"!OR of one", not(conf.Or(no, yes)), model.No},
		{"nested", conf.And(yes, conf.Or(no, conf.And(yes, not(no)))), model.Yes},
		{"unmodelled variable", conf.Present("upstream_addr"), model.Unknown},
		{"does not matter beside a no", conf.And(conf.Present("upstream_addr"), no), model.No},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := compile(tc.expr)
			if err != nil {
				t.Fatal(err)
			}
			q, status, why := newRequest(request)
			if status != 0 {
				t.Fatalf("nginx answers %d: %s", status, why)
			}
			if got := c.holds(q); got != tc.want {
				t.Errorf("%s: got %d, want %d", c.words, got, tc.want)
			}
		})
	}
}

func TestOriginalDestinationIsIPv4Only(t *testing.T) {
	request := get("h", "/")
	request.Destination = model.Request{}.Destination
	q, _, _ := newRequest(request)
	if v, known := q.variable("connection_original_dst"); !known || !v.absent() {
		t.Errorf("not intercepted: got %v, known %t, want it absent", v, known)
	}
}

func TestNewlineAtTheEnd(t *testing.T) {
	r := routerOf(to("a", "/*", vars(conf.Compare("uri", conf.OpRegex, `\A(?:/v/nl)\z`))))
	check(t, r, get("h", "/v/nl%0A"), 404)
	dot := routerOf(to("a", "/*", vars(conf.Compare("uri", conf.OpRegex, `\A(?:/adm/.*)\z`))))
	check(t, dot, get("h", "/adm/%0A"), 404)
	dotall := routerOf(to("a", "/*", vars(conf.Compare("uri", conf.OpRegex, `\A(?s:/adm/.*)\z`))))
	check(t, dotall, get("h", "/adm/%0A"), "a")
}

func TestToNumber(t *testing.T) {
	for text, want := range map[string]any{
		"10": 10.0, " 10 ": 10.0, "-3": -3.0, "+7": 7.0, "007": 7.0, "1.5": 1.5, ".5": 0.5, "1e1": 10.0,
		"0x10": 16.0, "-0x10": -16.0, "0x1p4": 16.0, "0b101": 5.0,
		"": nil, "-": nil, "--1": nil, "+-1": nil, "1_0": nil, "ten": nil, "1 0": nil, "0b2": nil, "0x": nil,
	} {
		got, ok := toNumber(text)
		if ok != (want != nil) || ok && got != want {
			t.Errorf("%q: got %v, %t, want %v", text, got, ok, want)
		}
	}
}
