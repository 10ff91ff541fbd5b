package diff

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/traffic"
)

// traffic finds requests whose outcome changes.
func (c *comparison) traffic() *Traffic {
	found := traffic.Compare(c.old.Config, c.new.Config)
	t := &Traffic{
		Requests: found.Requests, Undecided: found.Undecided,
		Witnesses: []Witness{}, Unreached: append([]string{}, found.Unreached...),
	}
	for _, change := range found.Changes {
		t.Witnesses = append(t.Witnesses, c.witness(change, found.Clients))
	}
	return t
}

// witness tells of a change; clients says that the client's address may matter.
func (c *comparison) witness(change traffic.Change, clients bool) Witness {
	r := change.Request
	w := Witness{
		Method: r.MethodOrDefault(), URL: r.SchemeOrDefault() + "://" + r.Authority + r.Target, Headers: []HeaderLine{},
		OldRoute: routeOf(change.Old), NewRoute: routeOf(change.New), Others: change.Others,
	}
	for _, h := range r.Headers {
		w.Headers = append(w.Headers, HeaderLine(h))
	}
	w.Direction, w.Port = direction(r)
	if client := r.Remote.Addr(); clients || client != traffic.Client {
		w.Client = client.String()
	}
	if r.Destination.IsValid() {
		w.Destination = r.Destination.String()
	}
	if change.Drawn {
		w.Draw = fmt.Sprintf("%016x", r.Random)
	}
	for _, a := range change.Aspects {
		w.Aspects = append(w.Aspects, string(a))
	}
	w.Old, w.New = c.outcomes(change)
	w.SameEndpoints = c.sameEndpoints(change)
	return w
}

// sameEndpoints says whether two outcomes that differ in their destination alone come to the same endpoints.
func (c *comparison) sameEndpoints(change traffic.Change) bool {
	if !slices.Equal(change.Aspects, []model.Aspect{model.Destination}) ||
		change.Old.Kind != model.Routed || change.New.Kind != model.Routed {
		return false
	}
	before, after := c.old.shares(change.Old), c.new.shares(change.New)
	for at, share := range before {
		if math.Abs(share-after[at]) > 1e-9 {
			return false
		}
	}
	return len(before) == len(after) && len(before) > 0
}

// shares are the shares of the endpoints of an outcome's upstreams, by address: of those that are preferred.
func (s *indexed) shares(o model.Outcome) map[string]float64 {
	total := uint64(0)
	for _, choice := range o.Clusters {
		total += choice.Weight
	}
	out := map[string]float64{}
	for _, choice := range o.Clusters {
		var nodes []apisix.Node
		if u := s.byCluster[choice.Cluster]; u != nil {
			nodes = u.Nodes
		}
		share := float64(choice.Weight) / float64(max(total, 1))
		for n, part := range parts(nodes) {
			out[fmt.Sprintf("%s %d", address(n), n.Priority)] += share * part
		}
	}
	return out
}

// parts yields the nodes that get requests, and which part of them. Where all weights are 0, APISIX takes them for equal.
func parts(nodes []apisix.Node) iter.Seq2[apisix.Node, float64] {
	sum := 0
	for _, n := range nodes {
		sum += n.Weight
	}
	return func(yield func(apisix.Node, float64) bool) {
		for _, n := range nodes {
			part := float64(n.Weight) / float64(max(sum, 1))
			if sum == 0 {
				part = 1 / float64(len(nodes))
			}
			if part > 0 && !yield(n, part) {
				return
			}
		}
	}
}

// direction is that of an intercepted request, and the port that the client meant.
func direction(r *model.Request) (string, uint16) {
	switch r.LocalPort {
	case model.OutboundPort:
		return "outbound", r.Destination.Port()
	case model.InboundPort:
		return "inbound", r.Destination.Port()
	}
	return "", r.LocalPort
}

func routeOf(o model.Outcome) string { return cmp.Or(o.Name, o.Route) }

// outcomes are the two outcomes in words. Of two that go to one service, or to parts of it, only the parts are named.
func (c *comparison) outcomes(change traffic.Change) (old, new string) {
	if slices.Contains(change.Aspects, model.Destination) || slices.Contains(change.Aspects, model.Status) {
		services := map[string]bool{}
		for _, choice := range slices.Concat(change.Old.Clusters, change.New.Clusters) {
			services[parseCluster(choice.Cluster).service()] = true
		}
		short := len(services) == 1
		old, new = c.outcome(c.old, change.Old, short), c.outcome(c.new, change.New, short)
		if short && (old == "" || new == "" || old == new) {
			old, new = c.outcome(c.old, change.Old, false), c.outcome(c.new, change.New, false)
		}
		return old, new
	}
	var before, after []string
	for _, a := range change.Aspects {
		before = append(before, fmt.Sprintf("%s %s", a, cmp.Or(change.Old.Shown(a), "none")))
		after = append(after, fmt.Sprintf("%s %s", a, cmp.Or(change.New.Shown(a), "none")))
	}
	return strings.Join(before, ", "), strings.Join(after, ", ")
}

// outcome is an outcome in words.
func (c *comparison) outcome(s *indexed, o model.Outcome, short bool) string {
	switch o.Kind {
	case model.Undecided:
		return "undecided: " + o.Reason
	case model.NoRoute:
		return "404: no route"
	case model.Answered:
		words := strconv.Itoa(o.Status) + " " + http.StatusText(o.Status)
		if o.Reason != "" && o.Filter == "" {
			words += ": " + o.Reason
		}
		return strings.TrimSpace(words)
	case model.Refused:
		return "connection refused"
	}
	total := uint64(0)
	for _, choice := range o.Clusters {
		total += choice.Weight
	}
	var parts []string
	for _, choice := range o.Clusters {
		words := c.clusterWords(s, choice.Cluster, short)
		if len(o.Clusters) > 1 && total > 0 {
			words = fmt.Sprintf("%.4g%% %s", 100*float64(choice.Weight)/float64(total), words)
		}
		parts = append(parts, words)
	}
	return strings.Join(parts, ", ")
}

// clusterWords are the name of a cluster and the versions of its endpoints; of a short one the versions alone, or the
// subset.
func (c *comparison) clusterWords(s *indexed, name string, short bool) string {
	versions := ""
	if u := s.byCluster[name]; u != nil {
		versions = c.versionsIn(u)
	}
	switch {
	case short:
		return cmp.Or(versions, parseCluster(name).subset)
	case versions != "":
		return name + " (" + versions + ")"
	}
	return name
}

// Sentence is the request in one line: GET http://reviews:9080/x, header end-user: jason.
func (w Witness) Sentence() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", w.Method, w.URL)
	for _, h := range w.Headers {
		fmt.Fprintf(&b, ", header %s: %s", h.Name, h.Value)
	}
	if w.Port != w.urlPort() {
		fmt.Fprintf(&b, ", port %d", w.Port)
	}
	if at, err := netip.ParseAddrPort(w.Destination); err == nil && at.Addr() != traffic.Destination {
		fmt.Fprintf(&b, ", dialled to %s", at)
	}
	if w.Direction == "inbound" {
		b.WriteString(", inbound")
	}
	if w.Client != "" && w.Client != traffic.Client.String() {
		fmt.Fprintf(&b, ", from %s", w.Client)
	}
	if w.Draw != "" {
		b.WriteString(", for some of the requests")
	}
	return b.String()
}

// urlPort is the port in the URL, 80 if there is none.
func (w Witness) urlPort() uint16 {
	_, rest, _ := strings.Cut(w.URL, "://")
	host, _, _ := strings.Cut(rest, "/")
	port, err := strconv.ParseUint(host[strings.LastIndexByte(host, ':')+1:], 10, 16)
	if err != nil || strings.HasSuffix(host, "]") {
		return 80
	}
	return uint16(port)
}
