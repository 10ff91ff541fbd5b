// Package apisix is Apache APISIX's standalone configuration as Go structs: the objects that we write, their limits,
// their validation, and the encoder that turns them into the text of apisix.yaml or apisix.json.
//
// It knows nothing of Envoy, imports the standard library only, and does no I/O. Field names, limits and behaviour are
// those of APISIX 3.18 in file mode. The order of struct fields is the order of keys in the output.
package apisix

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Config is the content of one apisix.yaml. Objects are written by kind in the order of the fields here, and within a
// kind sorted by id. Both lists are always written, see [Join].
type Config struct {
	Routes    []*Route    `json:"routes"`
	Upstreams []*Upstream `json:"upstreams"`
	// Others are objects of the other kinds, by the name of their section, which is one of [Sections]: "consumers", "ssls".
	// The renderer makes none of its own accord. A section without objects is not written.
	Others map[string][]Object `json:"-"`
}

// Object is an object of a kind that has no struct here, as encoding/json would decode it.
type Object map[string]any

// ID is the id by which APISIX knows the object of that section: consumers go by their username. An id that is a number is
// its decimal digits.
func (o Object) ID(section string) string {
	key := "id"
	if section == "consumers" {
		key = "username"
	}
	switch id := o[key].(type) {
	case string:
		return id
	case int:
		return strconv.Itoa(id)
	case float64:
		return strconv.FormatFloat(id, 'f', -1, 64)
	}
	return ""
}

// Sections are the lists that APISIX reads from a file, in the order in which they are written. Another one, plugins,
// names the plugins that are switched on; it is no list of objects, and never written.
var Sections = []string{
	"routes", "upstreams", "services", "plugin_configs", "global_rules", "plugin_metadata", "consumers", "consumer_groups",
	"ssls", "stream_routes", "protos", "secrets",
}

// Route is an APISIX route. Under the router radixtree_host_uri, which we require, a request goes to the most specific
// host first, within it to the exact uri and then the longest uri prefix, and only among routes of one uri string to the
// highest priority.
type Route struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Desc string `json:"desc,omitempty"`
	// Labels' values must match ^\S+$ and have 1 to 256 characters.
	Labels map[string]string `json:"labels,omitempty"`
	// Hosts are exact names or suffix wildcards ("*.example.com", "*-x.example.com"), without ports; APISIX
	// puts them into lower case. Empty means any host; such routes are tried after all routes with hosts.
	Hosts []string `json:"hosts,omitempty"`
	// URI is an exact path, or a prefix when it ends in "*". Exactly one of URI and URIs is set.
	URI  string   `json:"uri,omitempty"`
	URIs []string `json:"uris,omitempty"`
	// Methods, when not empty, limits the route to these; see Methods in limits.go for those that APISIX knows.
	Methods []string `json:"methods,omitempty"`
	// Priority orders routes of one uri string, highest first. APISIX's default is 0; we always write it.
	Priority int `json:"priority"`
	// Vars must all hold for the route to match.
	Vars []Expr `json:"vars,omitempty"`
	// Timeout replaces the upstream's wholly.
	Timeout *Timeout `json:"timeout,omitempty"`
	// EnableWebsocket passes Upgrade and Connection on to the upstream.
	EnableWebsocket bool     `json:"enable_websocket,omitempty"`
	Plugins         *Plugins `json:"plugins,omitempty"`
	// PluginConfigID names one of Config.Others' plugin_configs, whose plugins the route has beside its own; of two of one
	// name the route's own is in force. A request to a route that names a missing one is answered 503.
	PluginConfigID string `json:"plugin_config_id,omitempty"`
	// UpstreamID names an Upstream of the same file. A route must have an upstream or plugins.
	UpstreamID string `json:"upstream_id,omitempty"`
	// Raw, if not nil, is written in place of all the fields above: a route of the user's, with whatever APISIX may know.
	// The fields are then as much of it as they can hold.
	Raw Object `json:"-" raw:"true"`
}

// Timeout is in seconds; all three are required and must be greater than 0. Send and read are the longest gaps between
// two writes or two reads, not a total.
type Timeout struct {
	Connect float64 `json:"connect"`
	Send    float64 `json:"send"`
	Read    float64 `json:"read"`
}

// Upstream is a set of nodes and how to balance among them.
type Upstream struct {
	ID     string            `json:"id"`
	Name   string            `json:"name,omitempty"`
	Desc   string            `json:"desc,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Type is one of roundrobin, chash, least_conn, ewma. APISIX does not check it when it loads the file.
	Type string `json:"type"`
	// HashOn and Key say what chash hashes: HashOn is one of vars, header, cookie, consumer, vars_combinations.
	HashOn string `json:"hash_on,omitempty"`
	Key    string `json:"key,omitempty"`
	// Scheme is one of http, https, grpc, grpcs, for stream routes of tcp and tls; APISIX's default is http.
	Scheme string `json:"scheme,omitempty"`
	// PassHost is one of pass, node, rewrite; APISIX's default is pass. With rewrite the Host header is UpstreamHost.
	PassHost     string `json:"pass_host,omitempty"`
	UpstreamHost string `json:"upstream_host,omitempty"`
	// Retries is the number of further attempts. Left out, APISIX would take the number of nodes less one, so we always
	// write it.
	Retries int `json:"retries"`
	// RetryTimeout is the time in seconds after which no further attempt is made; 0 is no limit.
	RetryTimeout  float64        `json:"retry_timeout,omitempty"`
	Timeout       *Timeout       `json:"timeout,omitempty"`
	KeepalivePool *KeepalivePool `json:"keepalive_pool,omitempty"`
	TLS           *UpstreamTLS   `json:"tls,omitempty"`
	Checks        *Checks        `json:"checks,omitempty"`
	// Nodes are always written: an empty list is valid and answers 503.
	Nodes []Node `json:"nodes"`
	// Raw is as that of Route.
	Raw Object `json:"-" raw:"true"`
}

// Cluster is the name of the Envoy cluster that the upstream renders: its name, up to the " #" that tells several upstreams
// of one cluster apart; its id if it has no name.
func (u *Upstream) Cluster() string {
	name, _, _ := strings.Cut(cmp.Or(u.Name, u.ID), " #")
	return name
}

// Node is one address of an upstream. Two nodes of one upstream must not share host and port.
type Node struct {
	// Host is an IPv4 address, a bracketed IPv6 address, or a domain name.
	Host   string `json:"host"`
	Port   int    `json:"port"`
	Weight int    `json:"weight"`
	// Priority: nodes of a higher one are preferred; 0 is APISIX's default.
	Priority int `json:"priority,omitempty"`
}

// KeepalivePool keeps connections to nodes for reuse.
type KeepalivePool struct {
	Size        int     `json:"size,omitempty"`         // APISIX's default is 320
	IdleTimeout float64 `json:"idle_timeout,omitempty"` // seconds; APISIX's default is 60
	Requests    int     `json:"requests,omitempty"`     // on one connection; APISIX's default is 1000
}

// UpstreamTLS is the certificate that APISIX shows to the nodes, as PEM. APISIX 3.18 never verifies theirs.
type UpstreamTLS struct {
	ClientCert string `json:"client_cert"`
	ClientKey  string `json:"client_key"`
}

// Checks are health checks. APISIX's schema demands Active wherever there is Passive; a node that Passive has taken out
// comes back only through Active.
type Checks struct {
	Active  *ActiveCheck  `json:"active"`
	Passive *PassiveCheck `json:"passive,omitempty"`
}

// ActiveCheck probes the nodes.
type ActiveCheck struct {
	Type       string          `json:"type"`              // http, https or tcp
	Timeout    float64         `json:"timeout,omitempty"` // seconds
	HTTPPath   string          `json:"http_path,omitempty"`
	HTTPMethod string          `json:"http_method,omitempty"`
	Host       string          `json:"host,omitempty"`
	Port       int             `json:"port,omitempty"`
	ReqHeaders []string        `json:"req_headers,omitempty"` // "name: value"
	Healthy    *HealthyProbe   `json:"healthy,omitempty"`
	Unhealthy  *UnhealthyProbe `json:"unhealthy,omitempty"`
}

// HealthyProbe says how often healthy nodes are probed, and when an unhealthy one is healthy again.
type HealthyProbe struct {
	Interval     int   `json:"interval,omitempty"`  // seconds
	Successes    int   `json:"successes,omitempty"` // 1 to 254
	HTTPStatuses []int `json:"http_statuses,omitempty"`
}

// UnhealthyProbe says how often unhealthy nodes are probed, and when a healthy one is no longer so.
type UnhealthyProbe struct {
	Interval     int   `json:"interval,omitempty"`      // seconds
	HTTPFailures int   `json:"http_failures,omitempty"` // 1 to 254, like the next two
	TCPFailures  int   `json:"tcp_failures,omitempty"`
	Timeouts     int   `json:"timeouts,omitempty"`
	HTTPStatuses []int `json:"http_statuses,omitempty"`
}

// PassiveCheck watches the requests that nodes serve.
type PassiveCheck struct {
	Type      string            `json:"type"`
	Healthy   *PassiveHealthy   `json:"healthy,omitempty"`
	Unhealthy *PassiveUnhealthy `json:"unhealthy,omitempty"`
}

// PassiveHealthy says which answers count as good.
type PassiveHealthy struct {
	Successes    int   `json:"successes"` // 0 to 254; 0 is never
	HTTPStatuses []int `json:"http_statuses,omitempty"`
}

// PassiveUnhealthy says which answers count as bad, and how many take a node out; 0 to 254, 0 is never.
type PassiveUnhealthy struct {
	HTTPFailures int   `json:"http_failures"`
	TCPFailures  int   `json:"tcp_failures"`
	Timeouts     int   `json:"timeouts"`
	HTTPStatuses []int `json:"http_statuses,omitempty"`
}

// HoldsPrivateKeys reports whether an object of c holds a private key, or may do so: SSL objects and consumers always may.
func (c *Config) HoldsPrivateKeys() bool {
	for section := range keySections {
		if len(c.Others[section]) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(c.Upstreams, func(u *Upstream) bool { return u != nil && u.holdsPrivateKey() })
}

// keySections are the sections whose objects may hold private keys, whatever is in them.
var keySections = map[string]bool{"ssls": true, "consumers": true, "secrets": true}

func (u *Upstream) holdsPrivateKey() bool { return u.TLS != nil || u.Raw["tls"] != nil }

// UpstreamIDs are the ids of the upstreams that the route names, itself and in its plugins; one may be there twice.
func (r *Route) UpstreamIDs() []string {
	var ids []string
	if r.UpstreamID != "" {
		ids = append(ids, r.UpstreamID)
	}
	return append(ids, r.Plugins.UpstreamIDs()...)
}
