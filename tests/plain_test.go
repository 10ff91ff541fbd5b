package tests

import (
	"maps"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/modeltest"
)

// plainly is what Envoy does with the request as nginx reads it.
type plainly struct {
	odd     bool // the request itself is not plain
	refused bool // nginx does not take it at all
	// outcomes are Envoy's for the plain request, and for the request with only its headers, or all but them, made plain.
	outcomes []model.Outcome
}

// plainly asks what Envoy does, and adds to the way what the plain request comes by.
func (l *law) plainly(r *model.Request, got model.Outcome, w *match.Way) plainly {
	defer w.Read()
	one, ok := match.Plain(r)
	if !ok || strings.HasPrefix(got.Reason, "nginx: ") {
		return plainly{odd: true, refused: true}
	}
	if one.Target == r.Target && one.Authority == r.Authority && slices.Equal(one.Headers, r.Headers) {
		return plainly{}
	}
	headers, rest, sent := *r, *one, *r
	headers.Headers, rest.Headers, sent.Headers = one.Headers, match.Kept(r.Headers), match.Kept(r.Headers)
	out := plainly{odd: true}
	for _, r := range []*model.Request{one, &headers, &rest, &sent} {
		out.outcomes = append(out.outcomes, l.before.Route(r, w.Trace()))
	}
	return out
}

// same says whether in these aspects, and in where it goes, the outcome for an odd request is that of the plain one.
// Shares of clusters are not compared.
func (p plainly) same(got model.Outcome, aspects ...model.Aspect) bool {
	switch {
	case !p.odd:
		return false
	case p.refused:
		return got.Kind == model.Answered && got.Status == 400
	}
	return slices.ContainsFunc(p.outcomes, func(want model.Outcome) bool { return sameIn(want, got, aspects) })
}

func sameIn(want, got model.Outcome, aspects []model.Aspect) bool {
	if want.Kind == model.Routed && got.Kind == model.Routed && subset(got.Clusters, want.Clusters) {
		want.Clusters = got.Clusters
	}
	return want.Kind != model.Undecided && !slices.ContainsFunc(want.Differences(got), func(a model.Aspect) bool {
		return slices.Contains(aspects, a) || a == model.Destination || a == model.Status
	})
}

// excuses says whether what APISIX lets through against Envoy's filters is what the client might have got from Envoy by
// the plain request: the same answer, or the same target for the same upstream, or one that a finding says is rewritten
// otherwise.
//
// Where routes have guards of their own, a request that is odd, or about whose match there is a finding, may come to
// another route than with Envoy, and so by other guards: that is known.
func (l *law) excuses(w *match.Way, p plainly, want, got model.Outcome) bool {
	byHeaders := len(p.outcomes) > 0 && sameIn(p.outcomes[1], got, nil) // Envoy has read the path as it was sent
	rewritten := l.announced(w, match.Rewriting) && p.same(got)
	otherGuards := l.byGuards(w) && otherRoute(want, got) && (p.odd || l.announced(w, match.Matching))
	return p.same(got, model.Path) || byHeaders || rewritten || otherGuards
}

// byGuards says whether the request comes by a route configuration with guards of its own.
func (l *law) byGuards(w *match.Way) bool {
	for table, guarded := range l.guarded {
		if guarded && w.Passes(table) {
			return true
		}
	}
	return false
}

// otherRoute says whether APISIX took another route than Envoy. The names of its routes contain those of Envoy's.
func otherRoute(want, got model.Outcome) bool {
	return want.Name == "" || !strings.Contains(got.Name, want.Name)
}

func subset(some, all []model.Choice) bool {
	return !slices.ContainsFunc(some, func(c model.Choice) bool {
		return c.Weight > 0 && !slices.ContainsFunc(all, func(d model.Choice) bool { return d.Cluster == c.Cluster && d.Weight > 0 })
	})
}

// guardedRoutes are the route configurations in which anything below the listener configures a filter that guards.
func guardedRoutes(mesh *modeltest.Mesh) map[string]bool {
	out := map[string]bool{}
	for _, tables := range []map[uint16]*routev3.RouteConfiguration{mesh.Outbound, mesh.Inbound} {
		for _, rc := range tables {
			all := []map[string]*anypb.Any{rc.GetTypedPerFilterConfig()}
			for _, vh := range rc.GetVirtualHosts() {
				all = append(all, vh.GetTypedPerFilterConfig())
				for _, route := range vh.GetRoutes() {
					all = append(all, route.GetTypedPerFilterConfig())
				}
			}
			out["route_config/"+rc.GetName()] = slices.ContainsFunc(all, func(m map[string]*anypb.Any) bool {
				return slices.ContainsFunc(slices.Collect(maps.Keys(m)), isGuard)
			})
		}
	}
	return out
}

// isGuard says whether the HTTP filter of that name refuses requests by rules.
func isGuard(name string) bool {
	return strings.HasSuffix(name, ".rbac") || strings.HasSuffix(name, ".jwt_authn")
}
