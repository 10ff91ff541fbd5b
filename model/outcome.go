package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
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

	// Path and Host are the request target, with its query, and the Host header that the upstream receives, and Headers
	// all other request headers, the proxy's own (X-Forwarded-*, X-Envoy-*, X-Request-Id, …) left out. Of a Routed
	// outcome only.
	Path, Host string
	Headers    []Header
	// ResponseHeaders are the headers of the response that the client sees: of an answer those that the configuration
	// gives it, of a Routed outcome what becomes of Request.Response.
	ResponseHeaders []Header
	// Delay is how long the proxy waits before it does anything else.
	Delay time.Duration
	// Filter is the HTTP filter or plugin that answered before the request came to what its route does; "" if none did.
	Filter string
	// Unmodelled are the names of plugins that see the request and of which the model does not know what they do with it,
	// sorted. The outcome is what it is if they let the request pass as it is.
	Unmodelled []string

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

// An Aspect is something about an outcome that a client or an upstream can notice.
type Aspect string

// The aspects of outcomes.
const (
	Destination     Aspect = "destination"      // the clusters, in their proportions, or whether there is one
	Status          Aspect = "status"           // of an answer
	Body            Aspect = "body"             // of an answer
	Path            Aspect = "path"             // what the upstream receives
	Host            Aspect = "host"             // likewise
	Headers         Aspect = "headers"          // likewise
	Location        Aspect = "location"         // of an answer
	ResponseHeaders Aspect = "response headers" // others than Location
	Delay           Aspect = "delay"
)

// Agrees says whether a client could not tell o from p by where its request went: the same clusters in the same
// proportions, or the same status. An undecided outcome agrees with nothing, not even itself.
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

// Differences are the aspects in which o differs from p. Routes and reasons are not compared. Where the destinations or
// the statuses differ, nothing else is looked at.
func (o Outcome) Differences(p Outcome) []Aspect {
	switch {
	case o.Agrees(p):
	case o.forwards() || p.forwards() || o.Kind == Undecided || p.Kind == Undecided:
		return []Aspect{Destination}
	default:
		return []Aspect{Status}
	}
	var out []Aspect
	add := func(a Aspect, same bool) {
		if !same {
			out = append(out, a)
		}
	}
	location, headers := splitLocation(o.ResponseHeaders)
	otherLocation, otherHeaders := splitLocation(p.ResponseHeaders)
	add(Body, o.Body == p.Body)
	add(Path, o.Path == p.Path)
	add(Host, o.Host == p.Host)
	add(Headers, slices.Equal(Combined(without(o.Headers, OwnHeader)), Combined(without(p.Headers, OwnHeader))))
	add(Location, location == otherLocation)
	add(ResponseHeaders, slices.Equal(headers, otherHeaders))
	add(Delay, o.Delay == p.Delay)
	return out
}

// Shown is what o has in an aspect other than Destination and Status, as a text that is equal for what Differences takes
// as equal.
func (o Outcome) Shown(a Aspect) string {
	location, others := splitLocation(o.ResponseHeaders)
	switch a {
	case Body:
		return o.Body
	case Path:
		return o.Path
	case Host:
		return o.Host
	case Headers:
		return fmt.Sprintf("%q", Combined(without(o.Headers, OwnHeader)))
	case Location:
		return location
	case ResponseHeaders:
		return fmt.Sprintf("%q", others)
	case Delay:
		return o.Delay.String()
	}
	return ""
}

// splitLocation takes the Location out of the combined headers.
func splitLocation(headers []Header) (location string, others []Header) {
	for _, h := range Combined(without(headers, OwnHeader)) {
		if h.Name == "location" {
			location = h.Value
		} else {
			others = append(others, h)
		}
	}
	return location, others
}

// OwnHeader says whether a header, whose name is in lower case, belongs to the proxies themselves or to the connection.
// Each proxy handles those by rules of its own, which no configuration of routes changes; outcomes leave them out.
func OwnHeader(name string) bool {
	switch name {
	case "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length",
		"x-request-id", "x-real-ip", "forwarded", "server", "date", "via":
		return true
	}
	return strings.HasPrefix(name, "x-forwarded-") || strings.HasPrefix(name, "x-envoy-")
}

// without is headers without those whose name, in lower case, is left out.
func without(headers []Header, left func(name string) bool) []Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h Header) bool { return left(strings.ToLower(h.Name)) })
}

// Combined is headers in the form in which equal ones are equal: names in lower case, sorted, each once, the values of a
// repeated one joined by "," in their order.
func Combined(headers []Header) []Header {
	var out []Header
	index := map[string]int{}
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		if i, seen := index[name]; seen {
			out[i].Value += "," + h.Value
			continue
		}
		index[name] = len(out)
		out = append(out, Header{name, h.Value})
	}
	slices.SortFunc(out, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
	return out
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

// PickIndex is the index of the choice that Pick takes; negative when the sum of the weights is 0.
func PickIndex(choices []Choice, random uint64) int {
	var total uint64
	for _, c := range choices {
		total += c.Weight
	}
	if total == 0 {
		return -1
	}
	random %= total
	return slices.IndexFunc(choices, func(c Choice) bool {
		if random < c.Weight {
			return true
		}
		random -= c.Weight
		return false
	})
}

// Pick is the choice in whose share of the total weight the number random falls, as Envoy takes it: the shares lie side
// by side in the order of choices, and random is reduced modulo their sum. It is "" when the sum is 0.
func Pick(choices []Choice, random uint64) string {
	if i := PickIndex(choices, random); i >= 0 {
		return choices[i].Cluster
	}
	return ""
}
