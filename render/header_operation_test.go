package render

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// A headerMap is the headers of a message, by name.
type headerMap map[string][]string

func (h headerMap) clone() headerMap {
	out := headerMap{}
	for name, values := range h {
		out[name] = slices.Clone(values)
	}
	return out
}

func (h headerMap) text() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if len(h[name]) > 0 {
			lines = append(lines, name+": "+strings.Join(h[name], ", "))
		}
	}
	return strings.Join(lines, "\n")
}

// envoyOperate is Envoy's HeaderParser::evaluateHeaders for one level, with values that have no command operators.
func envoyOperate(h headerMap, remove []string, add []*corev3.HeaderValueOption) {
	for _, name := range remove {
		delete(h, name)
	}
	var appended, overwritten []*corev3.HeaderValue
	for _, o := range add {
		there := len(h[o.GetHeader().GetKey()]) > 0
		switch o.GetAppendAction() {
		case corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
			appended = append(appended, o.GetHeader())
		case corev3.HeaderValueOption_ADD_IF_ABSENT:
			if !there {
				appended = append(appended, o.GetHeader())
			}
		case corev3.HeaderValueOption_OVERWRITE_IF_EXISTS:
			if there {
				overwritten = append(overwritten, o.GetHeader())
			}
		case corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD:
			overwritten = append(overwritten, o.GetHeader())
		}
	}
	for _, v := range overwritten {
		h[v.GetKey()] = []string{v.GetValue()}
	}
	for _, v := range appended {
		h[v.GetKey()] = append(h[v.GetKey()], v.GetValue())
	}
}

// variablesOf is what APISIX has as variables of the headers.
func variablesOf(h headerMap, prefix string) map[string]string {
	v := map[string]string{}
	for name, values := range h {
		if len(values) > 0 {
			v[prefix+strings.ReplaceAll(name, "-", "_")] = strings.Join(values, ", ")
		}
	}
	return v
}

// requestOperate is proxy-rewrite.
func requestOperate(h headerMap, m mutations) {
	ops := m.requestHeaders()
	if ops == nil {
		return
	}
	variables := variablesOf(h, "http_")
	values := func(v any) (list []string) {
		if s, ok := v.(string); ok {
			return []string{interpolate(s, variables)}
		}
		for _, s := range v.([]string) {
			list = append(list, interpolate(s, variables))
		}
		return list
	}
	for name, v := range ops.Add {
		h[name] = append(h[name], values(v)...)
	}
	for name, v := range ops.Set {
		h[name] = values(v)
	}
	for _, name := range ops.Remove {
		delete(h, name)
	}
}

// responseOperate is response-rewrite.
func responseOperate(t *testing.T, h headerMap, m mutations, forwards bool) {
	ops := m.responseHeaders(forwards)
	if ops == nil {
		return
	}
	variables := variablesOf(h, "sent_http_")
	for _, line := range ops.Add {
		name, value, _ := strings.Cut(line, ": ")
		if strings.Contains(value, ":") || strings.HasSuffix(value, "/") {
			t.Errorf("APISIX refuses to add %q", line)
		}
		h[name] = append(h[name], interpolate(value, variables))
	}
	for name, v := range ops.Set {
		h[name] = []string{interpolate(v, variables)}
	}
	for _, name := range ops.Remove {
		delete(h, name)
	}
}

// A levelOps is a level of header operations, the same for requests and responses.
type levelOps struct {
	add    []*corev3.HeaderValueOption
	remove []string
}

func (l levelOps) route() *routev3.Route {
	return &routev3.Route{RequestHeadersToAdd: l.add, RequestHeadersToRemove: l.remove,
		ResponseHeadersToAdd: l.add, ResponseHeadersToRemove: l.remove}
}

var headerNames = []string{"a", "b-c", "location"}

func randomOps(rng *rand.Rand) (l levelOps) {
	values := []string{"v", "w x", "$a", "${http_a}", "p:q", "s/", `\$a`, `b\`, "{}", "100$"}
	for range rng.IntN(4) {
		l.add = append(l.add, &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: headerNames[rng.IntN(len(headerNames))], Value: values[rng.IntN(len(values))]},
			AppendAction: corev3.HeaderValueOption_HeaderAppendAction(rng.IntN(4)),
		})
	}
	for range rng.IntN(2) {
		l.remove = append(l.remove, headerNames[rng.IntN(len(headerNames))])
	}
	return l
}

// TestHeaderOperations compares random operations of three levels, applied by Envoy's rules, with what APISIX makes of
// what is rendered: headers that no finding names must come out the same.
func TestHeaderOperations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for n := range 20_000 {
		var levels []headerLevel
		original := headerMap{}
		for _, name := range headerNames {
			original[name] = [][]string{nil, {"o"}, {"o", "p"}}[rng.IntN(3)]
		}
		wanted := original.clone()
		for range 3 {
			l := randomOps(rng)
			levels = append(levels, headerLevel{ops: l.route(), at: resource("route", "r")})
			envoyOperate(wanted, l.remove, l.add)
		}
		for _, side := range []headerSide{requestSide, responseSide} {
			r := &renderer{}
			m := r.mutations(levels, side)
			got := original.clone()
			if side.response {
				r.responseLosses(m, true, resource("route", "r"))
				responseOperate(t, got, m, true)
			} else {
				requestOperate(got, m)
			}
			want := wanted.clone()
			for _, name := range headerNames {
				if strings.Contains(fmt.Sprint(r.findings.list), fmt.Sprintf("%q", name)) {
					delete(got, name)
					delete(want, name)
				} else {
					compared++
				}
			}
			if got.text() != want.text() {
				t.Fatalf("case %d, %s\noriginal\n%s\nlevels %v\ngot\n%s\nwant\n%s", n, side.field, original.text(), levels, got.text(), want.text())
			}
		}
	}
	if compared < 60_000 {
		t.Errorf("only %d of 120,000 headers were compared: findings hide the rest", compared)
	}
}

// TestResponseHeadersOfAnswers does the same for responses that a route gives by itself: there is nothing before the
// operations but a Location.
func TestResponseHeadersOfAnswers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 5_000 {
		original := headerMap{"location": {"https://a.example/"}}
		l := randomOps(rng)
		want, got := original.clone(), original.clone()
		envoyOperate(want, l.remove, l.add)
		r := &renderer{}
		m := r.mutations([]headerLevel{{ops: l.route(), at: resource("route", "r")}}, responseSide)
		r.responseLosses(m, false, resource("route", "r"))
		responseOperate(t, got, m, false)
		for _, name := range headerNames {
			if strings.Contains(fmt.Sprint(r.findings.list), fmt.Sprintf("%q", name)) {
				delete(got, name)
				delete(want, name)
			}
		}
		if got.text() != want.text() {
			t.Fatalf("case %d: %v\ngot\n%s\nwant\n%s", n, l, got.text(), want.text())
		}
	}
}

// TestRemoveFirst removes a header before operations that are known already.
func TestRemoveFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := range 5_000 {
		l := randomOps(rng)
		r := &renderer{}
		m := r.mutations([]headerLevel{{ops: l.route(), at: resource("route", "r")}}, requestSide)
		if len(r.findings.list) > 0 {
			continue
		}
		before := fmt.Sprint(m.requestHeaders())
		removed := m
		removed.removeFirst("a")
		if fmt.Sprint(m.requestHeaders()) != before {
			t.Fatal("a copy of the mutations has changed")
		}
		want, got := headerMap{"b-c": {"o"}}, headerMap{"a": {"o"}, "b-c": {"o"}}
		envoyOperate(want, l.remove, l.add)
		requestOperate(got, removed)
		if got.text() != want.text() {
			t.Fatalf("case %d: %v\ngot\n%s\nwant\n%s", n, l, got.text(), want.text())
		}
	}
}
