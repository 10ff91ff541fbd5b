package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kind is what became of a request.
type Kind uint8

// The kinds of Outcome.
const (
	// Undecided: the outcome depends on something that the model does not know; Reason says what.
	Undecided Kind = iota
	// Routed: it goes to one of Clusters.
	Routed
	// Tunnelled: its connection goes to one of Clusters as bytes, not as HTTP.
	Tunnelled
	// Answered: the proxy answers by itself with Status.
	Answered
	// NoRoute: nothing matched; the client sees Status, which is 404.
	NoRoute
	// Refused: no listener or no filter chain takes the connection; it is closed.
	Refused
)

// String is the kind as a word for messages.
func (k Kind) String() string {
	names := [...]string{"undecided", "routed", "tunnelled", "answered", "no route", "refused"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Choice is one cluster that a request can go to, and its weight among its Outcome's Choices.
type Choice struct {
	Cluster string
	Weight  uint64
}

// Outcome is what a proxy does with a request.
type Outcome struct {
	Kind Kind
	// Cluster is the one that the request's random number chose among Clusters. For APISIX both hold the names of
	// upstreams, which are those of Envoy's clusters.
	Cluster  string
	Clusters []Choice
	// Status is the HTTP status of an answer. On a Routed outcome it is set when the upstream is known to have no
	// nodes, and is then what the client sees.
	Status int
	Body   string
	// VirtualHost is the name of Envoy's virtual host, or the host pattern under which APISIX found the route.
	VirtualHost string
	// Route says which route won, as a path: "route_config/9080 virtual_host/a route/2", "route/<id>". Name is the
	// route's own name, which may be empty.
	Route, Name string
	// Reason explains kinds other than Routed, for a person.
	Reason string
}

// String is the outcome in one line, for messages.
func (o Outcome) String() string {
	var b strings.Builder
	b.WriteString(o.Kind.String())
	if o.Status != 0 {
		fmt.Fprintf(&b, " %d", o.Status)
	}
	for i, c := range o.Clusters {
		sep := ", "
		if i == 0 {
			sep = " to "
		}
		fmt.Fprintf(&b, "%s%q", sep, c.Cluster)
		if len(o.Clusters) > 1 {
			fmt.Fprintf(&b, " weight %d", c.Weight)
		}
	}
	if o.Route != "" {
		fmt.Fprintf(&b, " by %s", o.Route)
	}
	if o.Reason != "" {
		fmt.Fprintf(&b, " (%s)", o.Reason)
	}
	return b.String()
}

// Agrees says whether a client could not tell o from p by where its request went: the same clusters in the same
// proportions, or the same status. Bodies, routes and reasons are not compared. An undecided outcome agrees with
// nothing, not even itself.
func (o Outcome) Agrees(p Outcome) bool {
	switch {
	case o.Kind == Undecided || p.Kind == Undecided:
		return false
	case o.forwards() && p.forwards():
		return o.Kind == p.Kind && slices.Equal(proportions(o.Clusters), proportions(p.Clusters))
	case o.forwards() || p.forwards():
		return false
	}
	return o.Status == p.Status
}

func (o Outcome) forwards() bool { return o.Kind == Routed || o.Kind == Tunnelled }

// proportions are the choices in a form in which equal proportions are equal: merged by cluster, without those of weight
// 0, in lowest terms, sorted.
func proportions(choices []Choice) []Choice {
	sums := map[string]uint64{}
	for _, c := range choices {
		sums[c.Cluster] += c.Weight
	}
	var out []Choice
	var divisor uint64
	for cluster, weight := range sums {
		if weight != 0 {
			out = append(out, Choice{cluster, weight})
			divisor = gcd(weight, divisor)
		}
	}
	for i := range out {
		out[i].Weight /= divisor
	}
	slices.SortFunc(out, func(a, b Choice) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return out
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Pick is the choice in whose share of the total weight the number random falls, as Envoy takes it: the shares lie side
// by side in the order of choices, and random is reduced modulo their sum. It is "" when the sum is 0.
func Pick(choices []Choice, random uint64) string {
	var total uint64
	for _, c := range choices {
		total += c.Weight
	}
	if total == 0 {
		return ""
	}
	random %= total
	for _, c := range choices {
		if random < c.Weight {
			return c.Cluster
		}
		random -= c.Weight
	}
	return ""
}
