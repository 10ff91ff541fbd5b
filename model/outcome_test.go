package model

import (
	"slices"
	"testing"
)

func TestAgrees(t *testing.T) {
	routed := func(choices ...Choice) Outcome { return Outcome{Kind: Routed, Clusters: choices} }
	for _, tc := range []struct {
		name string
		a, b Outcome
		want bool
	}{
		{"same cluster", routed(Choice{"a", 1}), routed(Choice{"a", 7}), true},
		{"other cluster", routed(Choice{"a", 1}), routed(Choice{"b", 1}), false},
		{"same proportions", routed(Choice{"a", 90}, Choice{"b", 10}), routed(Choice{"b", 1}, Choice{"a", 9}), true},
		{"other proportions", routed(Choice{"a", 1}, Choice{"b", 1}), routed(Choice{"a", 2}, Choice{"b", 1}), false},
		{"weight 0 does not count", routed(Choice{"a", 1}, Choice{"b", 0}), routed(Choice{"a", 1}), true},
		{"one cluster twice", routed(Choice{"a", 1}, Choice{"a", 1}, Choice{"b", 1}),
			routed(Choice{"a", 2}, Choice{"b", 1}), true},
		{"no route is a 404", Outcome{Kind: NoRoute, Status: 404}, Outcome{Kind: Answered, Status: 404}, true},
		{"other status", Outcome{Kind: NoRoute, Status: 404}, Outcome{Kind: Answered, Status: 403}, false},
		{"routed is no answer", routed(Choice{"a", 1}), Outcome{Kind: Answered, Status: 200}, false},
		{"a tunnel is no route", routed(Choice{"a", 1}), Outcome{Kind: Tunnelled, Clusters: []Choice{{"a", 1}}}, false},
		{"undecided agrees with nothing", Outcome{}, Outcome{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.a.Agrees(tc.b); got != tc.want {
				t.Errorf("%v agrees with %v: got %t, want %t", tc.a, tc.b, got, tc.want)
			}
			if got := tc.b.Agrees(tc.a); got != tc.want {
				t.Errorf("%v agrees with %v: got %t, want %t", tc.b, tc.a, got, tc.want)
			}
		})
	}
}

func TestPickGivesEachChoiceItsShare(t *testing.T) {
	choices := []Choice{{"a", 2}, {"none", 0}, {"b", 3}}
	got := map[string]int{}
	for random := range uint64(50) {
		got[Pick(choices, random)]++
	}
	if got["a"] != 20 || got["b"] != 30 || len(got) != 2 {
		t.Errorf("got %v, want a 20 times and b 30 times", got)
	}
	if got := Pick([]Choice{{"a", 0}}, 7); got != "" {
		t.Errorf("weights that sum to 0: got %q, want none", got)
	}
}

func TestVerdicts(t *testing.T) {
	for _, tc := range []struct{ a, b, and, or Verdict }{
		{Yes, Yes, Yes, Yes}, {Yes, Unknown, Unknown, Yes}, {Yes, No, No, Yes},
		{Unknown, Unknown, Unknown, Unknown}, {Unknown, No, No, Unknown}, {No, No, No, No},
	} {
		if got := tc.a.And(tc.b); got != tc.and {
			t.Errorf("%d and %d: got %d, want %d", tc.a, tc.b, got, tc.and)
		}
		if got := tc.a.Or(tc.b); got != tc.or {
			t.Errorf("%d or %d: got %d, want %d", tc.a, tc.b, got, tc.or)
		}
	}
	if Yes.Not() != No || No.Not() != Yes || Unknown.Not() != Unknown {
		t.Error("Not does not swap Yes and No only")
	}
}

func TestTrace(t *testing.T) {
	var none *Trace
	none.Take("a", "")
	if got := none.String(); got != "" {
		t.Errorf("nil trace: got %q, want nothing", got)
	}
	trace := &Trace{}
	trace.Skip("route/0", `path is not prefix "/a"`)
	trace.Take("route/1", "")
	if got, want := trace.String(), "- route/0: path is not prefix \"/a\"\n+ route/1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDifferences(t *testing.T) {
	routed := func(change func(*Outcome)) Outcome {
		o := Outcome{
			Kind: Routed, Clusters: []Choice{{"a", 1}}, Path: "/", Host: "h",
			Headers: []Header{{"x-a", "1"}, {"x-b", "2"}}, ResponseHeaders: []Header{{"x-r", "1"}},
		}
		change(&o)
		return o
	}
	same := routed(func(*Outcome) {})
	for _, tc := range []struct {
		name string
		a, b Outcome
		want []Aspect
	}{
		{"none", same, same, nil},
		{"other cluster hides the rest", same, routed(func(o *Outcome) { o.Clusters, o.Path = nil, "/x" }), []Aspect{Destination}},
		{"an answer", same, Outcome{Kind: Answered, Status: 403}, []Aspect{Destination}},
		{"undecided", Outcome{}, Outcome{Kind: Answered, Status: 403}, []Aspect{Destination}},
		{"status", Outcome{Kind: Answered, Status: 403}, Outcome{Kind: NoRoute, Status: 404}, []Aspect{Status}},
		{"path, host and delay", same, routed(func(o *Outcome) { o.Path, o.Host, o.Delay = "/x", "i", 1 }), []Aspect{Path, Host, Delay}},
		{"order and case of names", same, routed(func(o *Outcome) { o.Headers = []Header{{"X-B", "2"}, {"x-a", "1"}} }), nil},
		{"a repeated header", routed(func(o *Outcome) { o.Headers = []Header{{"x-a", "1"}, {"x-a", "2"}} }),
			routed(func(o *Outcome) { o.Headers = []Header{{"x-a", "1,2"}} }), nil},
		{"values", same, routed(func(o *Outcome) { o.Headers = []Header{{"x-a", "2"}, {"x-b", "2"}} }), []Aspect{Headers}},
		{"the proxy's own headers", same, routed(func(o *Outcome) {
			o.Headers = append(o.Headers, Header{"X-Forwarded-For", "1.1.1.1"})
			o.ResponseHeaders = append(o.ResponseHeaders, Header{"server", "x"})
		}), nil},
		{"location", Outcome{Kind: Answered, Status: 301, ResponseHeaders: []Header{{"location", "a"}}},
			Outcome{Kind: Answered, Status: 301, ResponseHeaders: []Header{{"location", "b"}, {"x", ""}}},
			[]Aspect{Location, ResponseHeaders}},
		{"body", Outcome{Kind: Answered, Status: 200, Body: "a"}, Outcome{Kind: Answered, Status: 200}, []Aspect{Body}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.a.Differences(tc.b); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got := tc.b.Differences(tc.a); !slices.Equal(got, tc.want) {
				t.Errorf("the other way round: got %q, want %q", got, tc.want)
			}
		})
	}
}
