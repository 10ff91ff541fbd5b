package match

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
)

func to(share float64, cluster string) variety {
	return variety{share, model.Outcome{Kind: model.Routed, Cluster: cluster, Clusters: []model.Choice{{Cluster: cluster, Weight: 1}}, Path: "/" + cluster},
		&model.Trace{}}
}

func answered(share float64, status int, body string) variety {
	return variety{share, model.Outcome{Kind: model.Answered, Status: status, Body: body}, &model.Trace{}}
}

// TestCompare says in what outcomes differ, and how that is told.
func TestCompare(t *testing.T) {
	undecided := variety{1, model.Outcome{Kind: model.Undecided}, &model.Trace{}}
	slow := to(1, "a")
	slow.outcome.Delay = 1e9
	for _, tc := range []struct {
		name           string
		envoy, apisix  []variety
		want           string
		aspect         string
		one, theOther  string
		wantDifference bool
	}{
		{"the same", []variety{to(1, "a")}, []variety{to(1, "a")}, Same, "", "", "", false},
		{"nearly the same shares", []variety{to(.5, "a"), to(.5, "b")}, []variety{to(.501, "b"), to(.499, "a")}, Same, "", "", "", false},
		{"other shares", []variety{to(.5, "a"), to(.5, "b")}, []variety{to(.6, "a"), to(.4, "b")}, Different, "share",
			"routed to a (50 %), routed to b (50 %)", "routed to a (60 %), routed to b (40 %)", true},
		{"elsewhere", []variety{to(1, "a")}, []variety{to(1, "b")}, Different, "destination", "routed to a", "routed to b", true},
		{"an answer instead", []variety{to(1, "a")}, []variety{answered(1, 403, "")}, Different, "destination", "routed to a",
			"answered 403 Forbidden", true},
		{"another answer", []variety{answered(1, 404, "")}, []variety{answered(1, 403, "")}, Different, "status",
			"answered 404 Not Found", "answered 403 Forbidden", true},
		{"another body", []variety{answered(1, 403, "a")}, []variety{answered(1, 403, "b")}, Different, "body", "a", "b", true},
		{"later", []variety{to(1, "a")}, []variety{slow}, Different, "delay", "0s", "1s", true},
		{"nobody knows", []variety{to(1, "a")}, []variety{undecided}, Undecided, "", "", "", false},
		{"nobody knows either", []variety{undecided}, []variety{undecided}, Undecided, "", "", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := OfConfig(&apisix.Config{}, render.Options{})
			r := &model.Request{Target: "/", Authority: "a"}
			got, differences := m.compare(r, Query{}, &Answer{Envoy: &Explanation{}}, tc.envoy, tc.apisix)
			if got != tc.want || (len(differences) > 0) != tc.wantDifference {
				t.Fatalf("got %s, %+v, want %s", got, differences, tc.want)
			}
			if !tc.wantDifference {
				return
			}
			if d := differences[0]; len(differences) > 1 || d.Aspect != tc.aspect || d.Envoy != tc.one || d.APISIX != tc.theOther {
				t.Errorf("got %+v, want %s: %s, %s", differences, tc.aspect, tc.one, tc.theOther)
			}
		})
	}
}
