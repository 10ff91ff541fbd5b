package tests

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// TestMatchAgreesWithAPerson holds the answers for both proxies to what a person derived from the Istio resources:
// testdata/match/README.md says how to read the tables.
func TestMatchAgreesWithAPerson(t *testing.T) {
	tables, err := filepath.Glob("testdata/match/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	for _, table := range tables {
		name := strings.TrimSuffix(filepath.Base(table), ".txt")
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		mesh := meshOfCase(t, name)
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			requests++
			t.Run(name+"/"+line, func(t *testing.T) { checkLine(t, mesh, line) })
		}
	}
	if len(tables) < 5 || requests < 50 {
		t.Errorf("only %d requests over %d captures", requests, len(tables))
	}
}

// meshOfCase is the mesh of a golden case.
func meshOfCase(t *testing.T, name string) *match.Mesh {
	t.Helper()
	file, err := os.Open("../render/testdata/" + name + "/in.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, err := snapshot.Decode(snapshot.Source{Name: name, Reader: file})
	if err != nil {
		t.Fatal(err)
	}
	rendered := render.Render(s, render.Options{})
	return match.OfRendered(s, rendered.Config, rendered.Findings(), render.Options{})
}

func checkLine(t *testing.T, mesh *match.Mesh, line string) {
	request, outcome, found := strings.Cut(line, "=>")
	if !found {
		t.Fatal("no => in the line")
	}
	q := queryOf(t, request)
	a, err := mesh.Explain(q)
	if err != nil {
		t.Fatal(err)
	}
	envoy, apisix, other := strings.Cut(outcome, "; APISIX ")
	if !other {
		apisix = envoy
	}
	checkOutcomes(t, "Envoy", a.Envoy, envoy, q)
	checkOutcomes(t, "APISIX", &a.APISIX, apisix, q)
	want := match.Same
	if other {
		want = match.Different
	}
	if a.Comparison != want {
		t.Errorf("compared: got %s, want %s: %+v", a.Comparison, want, a.Differences)
	}
	for _, d := range a.Differences {
		if len(d.Findings) == 0 {
			t.Errorf("no finding announces the difference %+v", d)
		}
	}
}

func queryOf(t *testing.T, text string) (q match.Query) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	items := strings.Split(strings.TrimSpace(text), ", ")
	method, url, _ := strings.Cut(items[0], " ")
	var err error
	q.Method, err = match.ParseMethod(method)
	check(err)
	q.URL, err = match.ParseURL(url)
	check(err)
	for _, item := range items[1:] {
		if item == "inbound" {
			q.Direction = match.Inbound
		} else if from, isFrom := strings.CutPrefix(item, "from "); isFrom {
			q.Remote, err = netip.ParseAddr(from)
			check(err)
		} else {
			h, err := match.ParseHeader(item)
			check(err)
			q.Headers = append(q.Headers, h)
		}
	}
	return q
}

// checkOutcomes holds what a proxy does to an outcome of a table.
func checkOutcomes(t *testing.T, proxy string, e *match.Explanation, text string, q match.Query) {
	t.Helper()
	got := map[string]float64{}
	delayed := map[string]float64{}
	for _, o := range e.Outcomes {
		got[goesTo(o)] += o.Share
		delayed[fmt.Sprint(o.Delay)] += o.Share
	}
	want, wantDelay := map[string]float64{}, map[string]float64{"0": 100}
	for _, item := range strings.Split(strings.TrimSpace(text), ", ") {
		word, rest, _ := strings.Cut(item, " ")
		first := e.Outcomes[0]
		switch word {
		case "path":
			equal(t, proxy, word, first.Path, rest)
		case "host":
			equal(t, proxy, word, first.Host, rest)
		case "body":
			equal(t, proxy, word, first.Body, rest)
		case "location":
			i := slices.IndexFunc(first.ResponseHeaders, func(h match.Header) bool { return h.Name == "location" })
			if i < 0 {
				t.Errorf("%s: no location, want %s", proxy, rest)
			} else {
				equal(t, proxy, word, first.ResponseHeaders[i].Value, rest)
			}
		case "delay":
			delay, share := cutShare(t, rest)
			wantDelay = map[string]float64{"0": 100 - share, strings.TrimSuffix(delay, "s"): share}
		default:
			where, share := cutShare(t, item)
			want[place(where, q)] += share
		}
	}
	sameShares(t, proxy+" goes to", got, want)
	sameShares(t, proxy+" waits for", delayed, wantDelay)
}

func equal(t *testing.T, proxy, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s: got %q, want %q", proxy, what, got, want)
	}
}

// goesTo says where a request goes, as place says it.
func goesTo(o match.Outcome) string {
	switch {
	case o.Kind == "no route", o.Kind == "answered" && o.Status == 404:
		return "no route"
	case o.Kind == "tunnelled":
		return "tunnel"
	case o.Kind == "routed" && o.Upstream.Name == "PassthroughCluster" && o.Upstream.Dialled:
		return "passthrough"
	case o.Kind == "routed" && o.Upstream.Name == "PassthroughCluster", o.Kind == "answered":
		return strconv.Itoa(o.Status)
	case o.Kind == "routed":
		return o.Upstream.Name
	}
	return o.Kind
}

// place is where a request goes by the words of a table: the name of the cluster of a service.
func place(words string, q match.Query) string {
	service, subset, _ := strings.Cut(words, " ")
	if service == "inbound" {
		return "inbound|" + subset + "||"
	}
	if words == "no route" || words == "passthrough" || words == "tunnel" || words == "refused" || service[0] <= '9' {
		return words
	}
	service, port, given := strings.Cut(service, ":")
	if !given {
		port = strconv.Itoa(int(q.URL.Port))
	}
	if !strings.Contains(service, ".") {
		service += ".default"
	}
	return "outbound|" + port + "|" + subset + "|" + service + ".svc.cluster.local"
}

// cutShare cuts " 25%" from the end of words; without it the share is all.
func cutShare(t *testing.T, words string) (string, float64) {
	t.Helper()
	i := strings.LastIndexByte(words, ' ')
	percent, found := strings.CutSuffix(words[i+1:], "%")
	if !found {
		return words, 100
	}
	share, err := strconv.ParseFloat(percent, 64)
	if err != nil {
		t.Fatal(err)
	}
	return words[:i], share
}

func sameShares(t *testing.T, what string, got, want map[string]float64) {
	t.Helper()
	for _, both := range []map[string]float64{got, want} {
		for key := range both {
			if math.Abs(got[key]-want[key]) > 0.02 {
				t.Errorf("%s: got %v, want %v", what, got, want)
				return
			}
		}
	}
}
