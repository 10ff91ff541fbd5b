package diff

import "github.com/amesh-render/amesh-render/render"

// Version is the version of the JSON form of a Report. Fields may be added under one version, not changed or removed.
const Version = 1

// Report is the result of a comparison of files, and its JSON form.
type Report struct {
	Version   int    `json:"version"`
	Different bool   `json:"different"`
	Files     []File `json:"files"` // one, or one for each pair of files of two directories
}

// NewReport is the report on the comparisons of files.
func NewReport(files ...File) *Report {
	r := &Report{Version: Version, Files: files}
	for _, f := range files {
		r.Different = r.Different || f.Different
	}
	return r
}

// File compares two files.
type File struct {
	Old       string `json:"old"` // "" if there is no such file on this side
	New       string `json:"new"`
	Different bool   `json:"different"`

	Routes    []Route    `json:"routes"`
	Upstreams []Upstream `json:"upstreams"`
	Objects   []Object   `json:"objects"` // of other sections
	// Labels counts the routes and upstreams of which only ids, names, descriptions or labels differ, which no request
	// can notice.
	Labels   int      `json:"labels"`
	Findings Findings `json:"findings"`
	Traffic  *Traffic `json:"traffic,omitempty"`
}

// Kind says whether an object is on both sides.
type Kind string

// The kinds of changes.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Route is a route that is not the same on both sides.
type Route struct {
	Change Kind   `json:"change"`
	ID     string `json:"id"`               // on the new side, or on the one that has it
	OldID  string `json:"old_id,omitempty"` // if it differs
	Name   string `json:"name"`
	// Hosts and Match are what the route matches on the new side, or on the one that has it: Match in words.
	Hosts []string `json:"hosts"`
	Match string   `json:"match"`
	// Does is what an added or removed route does with requests.
	Does string `json:"does,omitempty"`
	// Aspects are what has changed.
	Aspects []Aspect `json:"aspects"`
}

// Aspect is one thing about a route or an upstream that has changed. Name is one of destination, answer, redirect, hosts,
// paths, methods, conditions, order, timeout, "guard <plugin>", "plugin <plugin>", or a field of the object. Old and New
// are texts for people; empty is none.
type Aspect struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
	// Fields are the details where there are any.
	Fields []Field `json:"fields,omitempty"`
}

// Upstream is an upstream that is not the same on both sides.
type Upstream struct {
	Change    Kind      `json:"change"`
	ID        string    `json:"id"`
	OldID     string    `json:"old_id,omitempty"`
	Name      string    `json:"name"` // Envoy's cluster
	Endpoints Endpoints `json:"endpoints"`
	Aspects   []Aspect  `json:"aspects"`
}

// Endpoints says how the endpoints of an upstream have changed. Those that have changed have another weight or priority.
// With endpoints ignored the lists are empty.
type Endpoints struct {
	Old     int      `json:"old"` // how many there are
	New     int      `json:"new"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	Changed []string `json:"changed"`
}

// Object is an object of another section that is not the same on both sides.
type Object struct {
	Change  Kind    `json:"change"`
	Section string  `json:"section"`
	ID      string  `json:"id"`
	Fields  []Field `json:"fields"`
}

// Field is a field that differs: its path below the object, and its values as JSON, empty where it is not there.
type Field struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Findings are the findings that only one side has. They say what is lost between Envoy and APISIX.
type Findings struct {
	New  []render.Finding `json:"new"`
	Gone []render.Finding `json:"gone"`
}

// Traffic is what changes for requests, by requests that show it.
type Traffic struct {
	// Requests is how many were tried; Undecided of how many of them nobody knows what becomes.
	Requests  int       `json:"requests"`
	Undecided int       `json:"undecided"`
	Witnesses []Witness `json:"witnesses"`
	// Unreached are the ids of routes that differ, and that none of the requests took.
	Unreached []string `json:"unreached"`
}

// Witness is a request whose outcome changes.
type Witness struct {
	Method  string       `json:"method"`
	URL     string       `json:"url"`
	Headers []HeaderLine `json:"headers"`
	// Direction is outbound or inbound where a sidecar intercepts the request, else empty; Port is then the port that the
	// client meant, and otherwise the proxy's own.
	Direction string `json:"direction,omitempty"`
	Port      uint16 `json:"port,omitempty"`
	// Destination is the address and port that the client of an intercepted request dialled.
	Destination string `json:"destination,omitempty"`
	Client      string `json:"client,omitempty"` // the client's address, where that matters
	// Draw is the random number, of 64 bits in hexadecimal, for which the outcome changes; empty if it does for any.
	Draw string `json:"draw,omitempty"`
	// Old and New are what becomes of the request, in words; Aspects in what that differs.
	Old      string   `json:"old"`
	New      string   `json:"new"`
	OldRoute string   `json:"old_route"`
	NewRoute string   `json:"new_route"`
	Aspects  []string `json:"aspects"`
	// SameEndpoints says that the request reaches the same endpoints in the same shares as before, by other clusters.
	SameEndpoints bool `json:"same_endpoints"`
	// Others is how many more of the requests change alike.
	Others int `json:"others"`
}

// HeaderLine is a header of a request.
type HeaderLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
