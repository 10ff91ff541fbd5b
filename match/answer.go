package match

import (
	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
)

// An Answer is what becomes of a request, and why. Its JSON form is stable: fields are added, never renamed or removed.
type Answer struct {
	Request Request `json:"request"`
	// Assumed is what the query left open and the mesh does not know, in words.
	Assumed []string `json:"assumed"`
	// APISIX is what APISIX does, Envoy what Envoy does; that is nil where the input is not a dump.
	APISIX Explanation  `json:"apisix"`
	Envoy  *Explanation `json:"envoy,omitempty"`
	// Comparison is same, different or undecided; "" without Envoy.
	Comparison string `json:"comparison,omitempty"`
	// Differences are what a client or an upstream could notice.
	Differences []Difference `json:"differences"`
}

// The values of Answer.Comparison.
const (
	Same      = "same"
	Different = "different"
	Undecided = "undecided"
)

// A Request is the request that was asked about, as the proxy receives it.
type Request struct {
	Method    string   `json:"method"`
	Scheme    string   `json:"scheme"`
	Authority string   `json:"authority"`
	Target    string   `json:"target"`
	Headers   []Header `json:"headers"`
	// Protocol is http/1.1 or h2.
	Protocol  string `json:"protocol"`
	Direction string `json:"direction,omitempty"` // "" for a gateway
	// Port is the port on which the proxy receives it, Destination the address that the client dialled, "" if that is the
	// proxy's own, and Client the client's address.
	Port        uint16 `json:"port"`
	Destination string `json:"destination,omitempty"`
	Client      string `json:"client"`
	// Random is the number that it draws, if one was given.
	Random *uint64 `json:"random,omitempty"`
}

// A Header is a header field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// An Explanation is what one proxy does with a request.
type Explanation struct {
	// Outcomes are what may become of it, the likeliest first; there are several where random numbers decide.
	Outcomes []Outcome `json:"outcomes"`
	// Draws say what the random numbers decide, in words.
	Draws []string `json:"draws,omitempty"`
}

// An Outcome is what may become of a request.
type Outcome struct {
	// Share of the requests, in percent. Shares are counted over many draws.
	Share float64 `json:"share"`
	// Kind is routed, tunnelled, answered, no route, refused or undecided.
	Kind string `json:"kind"`
	// Status is that of an answer. Of a routed request it is set if the upstream has no nodes, and is then what the client
	// gets.
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	// By is the filter or plugin that answers, "" if the route itself does.
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`

	Route    *Route    `json:"route,omitempty"`
	Upstream *Upstream `json:"upstream,omitempty"`

	// Path and Host are what the upstream receives.
	Path string `json:"path,omitempty"`
	Host string `json:"host,omitempty"`
	// RequestHeaders are what is changed in the headers that the upstream receives, ResponseHeaders the headers that the
	// response gets.
	RequestHeaders  []HeaderChange `json:"request_headers,omitempty"`
	ResponseHeaders []Header       `json:"response_headers,omitempty"`
	// Delay is how long the proxy waits first, in seconds.
	Delay float64 `json:"delay,omitempty"`

	// Plugins are those of APISIX's route, and what they do; Unmodelled those of which nobody knows. The outcome is what it
	// is if these let the request pass as it is.
	Plugins    []Plugin `json:"plugins,omitempty"`
	Unmodelled []string `json:"unmodelled,omitempty"`

	// Steps are what was considered, in order.
	Steps []Step `json:"steps"`

	model model.Outcome
	trace *model.Trace
}

// A Route is the route that a request takes.
type Route struct {
	// Path says where it is: "route/ID" for APISIX, "route_config/9080 virtual_host/a route/2" for Envoy.
	Path string `json:"path"`
	Name string `json:"name,omitempty"`
	// Host is the name of Envoy's virtual host, or the pattern of hosts under which APISIX found the route.
	Host string `json:"host,omitempty"`
	// Source points to the Istio resource that it comes from.
	Source string `json:"source,omitempty"`
}

// An Upstream is where a request is sent: APISIX's upstream, or Envoy's cluster.
type Upstream struct {
	// Name is that of the cluster, in both proxies. ID is the upstream's in APISIX.
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`
	// Known is false where there is none of that name.
	Known bool `json:"known"`
	// Nodes are "address:port". Dialled says that requests go to the address that the client dialled instead, Discovered that
	// the nodes are only known at run time.
	Nodes      []string `json:"nodes"`
	Dialled    bool     `json:"dialled,omitempty"`
	Discovered bool     `json:"discovered,omitempty"`
}

// A HeaderChange is a change to a header: Change is added, changed or removed.
type HeaderChange struct {
	Change string `json:"change"`
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
}

// A Plugin is a plugin, and what it does, in words.
type Plugin struct {
	Name string `json:"name"`
	Does string `json:"does"`
}

// A Step is a listener, a host or a route that was considered.
type Step struct {
	Taken  bool   `json:"taken"`
	Path   string `json:"path"`
	Name   string `json:"name,omitempty"`
	Why    string `json:"why,omitempty"`
	Source string `json:"source,omitempty"`
}

// A Difference is something in which the proxies differ.
type Difference struct {
	// Aspect is destination, status, share, nodes, body, path, host, headers, location, response headers or delay.
	Aspect string `json:"aspect"`
	Envoy  string `json:"envoy"`
	APISIX string `json:"apisix"`
	// Note says how it comes, where it lies in how nginx reads requests; there are no findings on that.
	Note string `json:"note,omitempty"`
	// Findings are those of rendering that announce it.
	Findings []render.Finding `json:"findings"`
}

// Routed says whether a route takes the request; decided is false where the models do not know.
func (a *Answer) Routed() (routed, decided bool) {
	explanations := []Explanation{a.APISIX}
	if a.Envoy != nil {
		explanations = append(explanations, *a.Envoy)
	}
	routed = true
	for _, o := range a.APISIX.Outcomes {
		if o.model.Kind == model.Undecided {
			return false, false
		}
	}
	for _, e := range explanations {
		none := true
		for _, o := range e.Outcomes {
			none = none && o.noRoute()
		}
		routed = routed && !none
	}
	return routed, true
}

// noRoute says whether no route of the user's takes the request: the proxy itself answers or refuses. Of what is rendered,
// the hosts that no route of theirs may fall back from end in a route of that name.
func (o *Outcome) noRoute() bool {
	switch o.model.Kind {
	case model.NoRoute, model.Refused:
		return true
	case model.Answered:
		return o.Route == nil || o.Status == 404 && isNoRoute(o.Route.Name)
	}
	return false
}
