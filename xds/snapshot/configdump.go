package snapshot

import (
	"strings"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// list is one of the lists of resources in a config_dump.
type list struct {
	kind Kind // none for a list that is skipped
	rank rank
	typ  string // the message type of an item, below envoy.admin.v3
	// field is the item's member that holds the resource, "" where the item itself is the resource, in the bootstrap.
	field string
}

// lists are the lists by their key. Left out on purpose are static_route_configs: they repeat the route configurations
// that stand in the listeners' connection managers, several of one name, and nothing refers to them by name.
var lists = map[string]list{
	"dynamic_active_clusters":  {Cluster, active, "ClustersConfigDump.DynamicCluster", "cluster"},
	"dynamic_warming_clusters": {Cluster, warming, "", "cluster"},
	"static_clusters":          {Cluster, static, "ClustersConfigDump.StaticCluster", "cluster"},
	"dynamic_endpoint_configs": {Endpoints, active, "EndpointsConfigDump.DynamicEndpointConfig", "endpoint_config"},
	"static_endpoint_configs":  {Endpoints, static, "EndpointsConfigDump.StaticEndpointConfig", "endpoint_config"},
	"dynamic_listeners":        {Listener, active, "ListenersConfigDump.DynamicListener", "listener"},
	"static_listeners":         {Listener, static, "ListenersConfigDump.StaticListener", "listener"},
	"dynamic_route_configs":    {RouteConfiguration, active, "RoutesConfigDump.DynamicRouteConfig", "route_config"},
	"static_route_configs":     {typ: "RoutesConfigDump.StaticRouteConfig"},
	"dynamic_active_secrets":   {Secret, active, "SecretsConfigDump.DynamicSecret", "secret"},
	"dynamic_warming_secrets":  {Secret, warming, "", "secret"},
	"static_secrets":           {Secret, static, "SecretsConfigDump.StaticSecret", "secret"},
	"clusters":                 {kind: Cluster, rank: bootstrap},
	"listeners":                {kind: Listener, rank: bootstrap},
	"secrets":                  {kind: Secret, rank: bootstrap},
}

// standsIn reports whether the list belongs into an object of that scope.
func (l list) standsIn(in scope) bool {
	if l.rank == bootstrap {
		return in == inStatic
	}
	return in <= inConfigs
}

// listOfItem is the list whose items have that message type.
func listOfItem(fullName string) (list, bool) {
	name, ok := strings.CutPrefix(fullName, "envoy.admin.v3.")
	if !ok {
		return list{}, false
	}
	for _, l := range lists {
		if l.typ == name {
			return l, true
		}
	}
	return list{}, false
}

// list decodes the items of a list.
func (r *reader) list(key string, l list) error {
	return r.arrayAt(key, func() error {
		t, err := r.next()
		if err != nil {
			return err
		}
		return r.item(l, t)
	})
}

// item decodes one item of a list: a resource and what Envoy says about it.
func (r *reader) item(l list, t text) error {
	switch {
	case l.kind == 0:
		return nil
	case !t.is('{'):
		return r.failf(t.at, "found %s in a list of kind %s, expected an object", t.describe(), l.kind)
	case l.field == "":
		return r.define(definition{kind: l.kind, rank: l.rank, text: t})
	}
	it := item{list: l}
	for m := range t.members() {
		it.member(snake(m.key), m.value)
	}
	if it.foreign != "" {
		r.found = true
		r.note("", "%s: resources of type %q are left out", r.source, it.foreign)
	}
	for _, d := range it.versions {
		d.observed = !it.versioned
		if err := r.define(d); err != nil {
			return err
		}
	}
	if !it.failure.empty() {
		r.rejected(l.kind, it.name.str(), it.failure)
	}
	return nil
}

// item is an element of a list, as far as it matters.
type item struct {
	list
	name, failure text
	foreign       string       // the type of a resource that is not of the list's kind, such as those of Envoy's v2 API
	versions      []definition // of one resource
	// versioned says that the item has a version. Envoy gives none to the endpoints that it lists for every cluster,
	// whatever the cluster's type.
	versioned bool
}

func (it *item) member(key string, value text) {
	rank := it.rank
	switch key {
	case "name":
		it.name = value
		return
	case "version_info":
		it.versioned = !value.empty()
		return
	case "error_state":
		it.failure = value
		return
	case it.field:
	case "active_state", "warming_state", "draining_state":
		value, _ = value.member("listener")
		rank = states[key]
	default:
		return
	}
	if value.empty() {
		return
	}
	if url, ok := value.cutType(); ok && !it.kind.hasTypeURL(url) {
		it.foreign = url
		return
	}
	it.versions = append(it.versions, definition{kind: it.kind, rank: rank, text: value})
}

// states are the versions that one listener can have, each in a member of its own.
var states = map[string]rank{"active_state": active, "warming_state": warming, "draining_state": draining}

// rejected notes that Envoy refused a resource, whose text is not used.
func (r *reader) rejected(k Kind, name string, failure text) {
	r.found = true
	if refused, ok := failure.member("failed_configuration"); ok && name == "" {
		name = nameIn(k, refused)
	}
	details, _ := failure.member("details")
	r.union.note(Note{
		Resource: k.path(name), Field: "error_state",
		Message: "Envoy rejected a version of it, which is left out: " + details.str(),
	})
}

// waiting reports whether a secret is a mere placeholder: Envoy lists those that it has asked for and not received.
func waiting(d definition) bool {
	s, ok := d.message.(*tlsv3.Secret)
	return ok && d.rank == warming && s.GetType() == nil
}
