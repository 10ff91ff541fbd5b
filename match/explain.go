package match

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// Explain says what becomes of the request. An error says why query and mesh do not go together.
func (m *Mesh) Explain(q Query) (*Answer, error) {
	r, assumed, err := m.request(q)
	if err != nil {
		return nil, err
	}
	if assumed == nil {
		assumed = []string{}
	}
	a := &Answer{Request: m.told(r, q), Assumed: assumed, Differences: []Difference{}}
	after := m.askAPISIX(r, q)
	a.APISIX = Explanation{Outcomes: m.outcomes(r, after, m.ofAPISIX), Draws: drawsOf(after)}
	a.Assumed = append(a.Assumed, m.remarksOn(a.APISIX.Outcomes)...)
	if m.proxy == nil {
		return a, nil
	}
	before := ask(m.proxy, r, q, spreadEnvoy)
	a.Envoy = &Explanation{Outcomes: m.outcomes(r, before, m.ofEnvoy), Draws: drawsOf(before)}
	a.Comparison, a.Differences = m.compare(r, q, a, before, after)
	return a, nil
}

// remarksOn are the remarks on the routes that were considered.
func (m *Mesh) remarksOn(outcomes []Outcome) (out []string) {
	for _, o := range outcomes {
		for _, s := range o.Steps {
			for _, text := range m.remarks[s.Path] {
				if !slices.Contains(out, text) {
					out = append(out, text)
				}
			}
		}
	}
	return out
}

// ask is what a proxy does with the request: with the query's random number, or with all.
func ask(p proxy, r *model.Request, q Query, spread func(model.Outcome) (func(uint64) uint64, uint64)) []variety {
	if q.Random != nil {
		return []variety{one(p, r, 1)}
	}
	return explore(p, r, spread)
}

// noCertificate is why APISIX takes no TLS connection.
const noCertificate = "TLS: the configuration has no certificate (ssls)"

// askAPISIX asks APISIX's model, which knows no TLS: without a certificate, APISIX finishes no handshake.
func (m *Mesh) askAPISIX(r *model.Request, q Query) []variety {
	if m.asTCP(r) {
		return ask(m.streams, m.forAPISIX(r), q, spreadAPISIX)
	}
	if r.TLS != nil && len(m.config.Others["ssls"]) == 0 {
		return []variety{{1, model.Outcome{Kind: model.Refused, Reason: noCertificate}, &model.Trace{}}}
	}
	list := ask(m.router, m.forAPISIX(r), q, spreadAPISIX)
	if q.Random == nil {
		list = turns(list)
	}
	for i, v := range list {
		if doubts := m.doubts[v.outcome.Route]; len(doubts) > 0 {
			list[i].outcome = model.Outcome{Kind: model.Undecided, Route: v.outcome.Route, Name: v.outcome.Name,
				VirtualHost: v.outcome.VirtualHost, Reason: strings.Join(doubts, "; ")}
		}
	}
	return list
}

// told is the request for people.
func (m *Mesh) told(r *model.Request, q Query) Request {
	out := Request{
		Method: r.Method, Scheme: r.Scheme, Authority: r.Authority, Target: r.Target, Headers: headersOf(r.Headers),
		Protocol: "http/1.1", Port: r.LocalPort, Client: r.Remote.Addr().String(), Random: q.Random,
	}
	if q.HTTP2 {
		out.Protocol = "h2"
	}
	if !m.gateway {
		out.Direction = string(Outbound)
		if q.Direction != "" {
			out.Direction = string(q.Direction)
		}
	}
	if r.Destination.IsValid() {
		out.Destination = r.Destination.String()
	}
	return out
}

func headersOf(list []model.Header) []Header {
	out := []Header{}
	for _, h := range list {
		out = append(out, Header(h))
	}
	return out
}

// outcomes tell the varieties, with what the proxy's own function adds to each.
func (m *Mesh) outcomes(r *model.Request, list []variety, add func(*Outcome)) []Outcome {
	var out []Outcome
	for _, v := range list {
		o := Outcome{
			Share: math.Round(v.share*1e4) / 1e2, Kind: v.outcome.Kind.String(), Status: v.outcome.Status, Body: v.outcome.Body,
			By: v.outcome.Filter, Reason: v.outcome.Reason, Path: v.outcome.Path, Host: v.outcome.Host,
			Delay: v.outcome.Delay.Seconds(), Unmodelled: v.outcome.Unmodelled, Steps: []Step{},
			model: v.outcome, trace: v.trace,
		}
		if v.outcome.Kind == model.Routed {
			o.RequestHeaders = changes(r.Headers, v.outcome.Headers)
		}
		for _, h := range model.Combined(v.outcome.ResponseHeaders) {
			if !model.OwnHeader(h.Name) {
				o.ResponseHeaders = append(o.ResponseHeaders, Header(h))
			}
		}
		if v.outcome.Route != "" {
			o.Route = &Route{Path: v.outcome.Route, Name: v.outcome.Name, Host: v.outcome.VirtualHost}
		}
		for _, s := range v.trace.Steps {
			o.Steps = append(o.Steps, Step{Taken: s.Taken, Path: s.What, Why: s.Why})
		}
		add(&o)
		out = append(out, o)
	}
	return out
}

// changes are what must be done to the one list of headers to get the other.
func changes(before, after []model.Header) (out []HeaderChange) {
	old, now := model.Combined(before), model.Combined(after)
	valueOf := func(list []model.Header, name string) (string, bool) {
		i := slices.IndexFunc(list, func(h model.Header) bool { return h.Name == name })
		if i < 0 {
			return "", false
		}
		return list[i].Value, true
	}
	for _, h := range now {
		switch value, found := valueOf(old, h.Name); {
		case model.OwnHeader(h.Name):
		case !found:
			out = append(out, HeaderChange{"added", h.Name, h.Value})
		case value != h.Value:
			out = append(out, HeaderChange{"changed", h.Name, h.Value})
		}
	}
	for _, h := range old {
		if _, found := valueOf(now, h.Name); !found && !model.OwnHeader(h.Name) {
			out = append(out, HeaderChange{Change: "removed", Name: h.Name})
		}
	}
	return out
}

// drawsOf say what the random numbers decide: what it is in which the varieties differ.
func drawsOf(list []variety) (out []string) {
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, v := range list[min(1, len(list)):] {
		a, b := list[0].outcome, v.outcome
		switch {
		case a.Route != b.Route:
			add("which route is taken")
		case a.Kind != b.Kind || a.Status != b.Status && a.Kind == model.Answered:
			add("whether a fault is injected")
		case a.Cluster != b.Cluster:
			add("which upstream is taken, by weight")
		}
		if a.Delay != b.Delay {
			add("whether the request is delayed")
		}
	}
	return out
}

// isNoRoute says whether a route of that name is what a virtual host ends in when no route of it takes all requests.
func isNoRoute(name string) bool {
	return strings.HasSuffix(name, " no route")
}

// answerOf is the answer in words: "404 Not Found".
func answerOf(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
