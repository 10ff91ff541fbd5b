package lua

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// backend is an upstream that answers with its name, and with what it has been sent.
func backend(t *testing.T, name string) object {
	t.Helper()
	server := httptest.NewServer(telling(name))
	t.Cleanup(server.Close)
	return upstream(t, server.Listener.Addr().String())
}

func telling(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.RequestURI())
		w.Header().Set("X-Host", r.Host)
		for _, header := range []string{"X-Choice", "X-Route", "X-Secret"} {
			w.Header().Set("Sent-"+header, strings.Join(r.Header.Values(header), ","))
		}
		w.Header().Set("X-Internal", "of the backend")
		fmt.Fprint(w, name)
	})
}

// A choice of 2 percent is drawn for 2 percent of the requests, though there is a reload after every few of them. With
// traffic-split, which starts anew with each, it would hardly ever be.
func TestSplitSurvivesReloads(t *testing.T) {
	weights := []float64{98, 2}
	s := start(t, configuration{
		Routes:    map[string]route{"a.test": {Plugins: object{"amesh-split": object{"choices": choices(weights...)}}}},
		Upstreams: map[string]object{"0": backend(t, "0"), "1": backend(t, "1")},
	}, "")
	counts := make([]int, 2)
	for range 25 {
		for range 60 {
			switch got := s.ask(t, "a.test", "/"); got.body {
			case "0":
				counts[0]++
			case "1":
				counts[1]++
			default:
				t.Fatalf("got %d %q", got.status, got.body)
			}
		}
		s.reload(t)
	}
	unlikely(t, counts, weights)
	if counts[1] == 0 {
		t.Error("the choice of little weight was never drawn")
	}
}

// splitting is a route with header operations of its own and of each choice.
var splitting = object{
	"proxy-rewrite": object{
		"regex_uri": []string{"^/old/(.*)", "/new/$1"},
		"headers":   object{"set": object{"X-Route": "yes"}},
	},
	"response-rewrite": object{"headers": object{"set": object{"Of-Route": "yes"}, "remove": []string{"X-Internal"}}},
	"amesh-split": object{"choices": []object{
		{"weight": 1, "upstream_id": "0", "plugins": object{
			"proxy-rewrite":    object{"headers": object{"set": object{"X-Choice": "zero"}, "remove": []string{"X-Secret"}}},
			"response-rewrite": object{"headers": object{"add": []string{"Of-Choice: zero"}}},
		}},
		{"weight": 1, "upstream_id": "1", "plugins": object{
			"proxy-rewrite": object{"headers": object{"add": object{"X-Choice": "one"}}, "host": "one.test",
				"use_real_request_uri_unsafe": true},
			"response-rewrite": object{"headers": object{"set": object{"Of-Choice": "one"}}},
		}},
		{"weight": 1, "upstream_id": "2"},
		{"weight": 1, "upstream_id": "3", "plugins": object{
			"proxy-rewrite":    object{"uri": "/own"},
			"response-rewrite": object{"body": "replaced"},
		}},
		{"weight": 1, "upstream_id": "4", "plugins": object{
			"response-rewrite": object{"body": "replaced", "when": false},
		}},
	}},
}

// Each choice has its own operations beside the route's, and none of another's.
func TestSplitOperations(t *testing.T) {
	conf := configuration{Routes: map[string]route{"a.test": {Plugins: splitting}}, Upstreams: map[string]object{}}
	for i := range 5 {
		conf.Upstreams[fmt.Sprint(i)] = backend(t, fmt.Sprint(i))
	}
	checkOperations(t, start(t, conf, "").client, "http://a.test")
}

// checkOperations sends many requests to a route of splitting.
func checkOperations(t *testing.T, client *http.Client, url string) {
	t.Helper()
	type seen struct{ choice, secret, host, path, ofChoice string }
	want := map[string]seen{
		"0":        {"zero", "", "a.test", "/new/x?q=1", "zero"},
		"1":        {"client,one", "s", "one.test", "/new/x?q=1", "one"},
		"2":        {"client", "s", "a.test", "/new/x?q=1", ""},
		"replaced": {"client", "s", "a.test", "/own?q=1", ""},
		"4":        {"client", "s", "a.test", "/new/x?q=1", ""},
	}
	met := map[string]bool{}
	for range 300 {
		got := ask(t, client, url+"/old/x?q=1", "Host", "a.test", "X-Choice", "client", "X-Secret", "s")
		met[got.body] = true
		h := got.header
		is := seen{h.Get("Sent-X-Choice"), h.Get("Sent-X-Secret"), h.Get("X-Host"), h.Get("X-Path"), h.Get("Of-Choice")}
		if is != want[got.body] {
			t.Fatalf("%q: got %+v, want %+v", got.body, is, want[got.body])
		}
		if h.Get("Sent-X-Route") != "yes" || h.Get("Of-Route") != "yes" || h.Get("X-Internal") != "" {
			t.Fatalf("%q: the route's own operations are missing: %v", got.body, h)
		}
	}
	if len(met) != len(want) {
		t.Errorf("of the choices only these were drawn: %v", met)
	}
}

// A choice's answer is rewritten whether or not the route's own response-rewrite applies, which runs in between.
func TestSplitBodyBesideRoute(t *testing.T) {
	with := func(when bool) object {
		return object{
			"response-rewrite": object{"when": when, "headers": object{"set": object{"Of-Route": "yes"}}},
			"amesh-split": object{"choices": []object{{"weight": 1, "upstream_id": "0", "plugins": object{
				"response-rewrite": object{"when": !when, "body": "replaced"},
			}}}},
		}
	}
	s := start(t, configuration{
		Routes:    map[string]route{"choice.test": {Plugins: with(false)}, "route.test": {Plugins: with(true)}},
		Upstreams: map[string]object{"0": backend(t, "0")},
	}, "")
	if got := s.ask(t, "choice.test", "/"); got.body != "replaced" || got.header.Get("Of-Route") != "" {
		t.Errorf("the choice's alone: got %q, Of-Route %q", got.body, got.header.Get("Of-Route"))
	}
	if got := s.ask(t, "route.test", "/"); got.body != "0" || got.header.Get("Of-Route") != "yes" {
		t.Errorf("the route's alone: got %q, Of-Route %q", got.body, got.header.Get("Of-Route"))
	}
}

// A path that no rewrite of the route has changed goes out as the stock plugin sends it, escapes and query included.
func TestSplitPathWithoutRewrite(t *testing.T) {
	s := start(t, configuration{
		Routes: map[string]route{"a.test": {Plugins: object{"amesh-split": object{"choices": []object{
			{"weight": 1, "upstream_id": "0"},
		}}}}},
		Upstreams: map[string]object{"0": backend(t, "0")},
	}, "")
	if got := s.ask(t, "a.test", "/a%2Fb/c?x=%20"); got.header.Get("X-Path") != "/a%2Fb/c?x=%20" {
		t.Errorf("the path became %q", got.header.Get("X-Path"))
	}
}

// A split does not decide whether a request may pass.
func TestSplitBelowGuards(t *testing.T) {
	s := start(t, configuration{Routes: map[string]route{"a.test": {Plugins: object{
		"guard": object{}, "amesh-split": object{"choices": choices(1)},
	}}}}, "")
	if got := s.ask(t, "a.test", "/"); got.status != http.StatusForbidden {
		t.Errorf("status %d, want 403", got.status)
	}
}
