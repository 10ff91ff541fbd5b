package render

import "github.com/amesh-render/amesh-render/render/apisix"

// A part is what becomes of one piece of a snapshot: a virtual host of a chain, a use of a cluster. It depends on that
// piece, on the basis, and on what it has read, and stays as it is as long as those do.
type part struct {
	findings findings
	config   apisix.Config // the objects that the piece comes to by itself
	placed   []placedRoute // the routes, where users add plugins
	uses     []usage       // the upstreams that are needed
	reads    reads
}

// A usage is a use of a cluster and the id of its upstream.
type usage struct {
	use
	id string
}

// renderer is the state of the work on one part.
type renderer struct {
	*common
	part
	ids     noted[use, string]  // of part.uses
	grpc    noted[string, bool] // by cluster: it carries gRPC; see carriesGRPC
	dialing noted[string, bool] // by cluster: it goes where the client dialled; see dials
}

// fork is a renderer for another part.
func (c *common) fork() *renderer { return &renderer{common: c} }

// validated ends the work on a part: it reports the routes of it that APISIX would refuse to load. There should be none; one
// that slipped through would make its traffic fall to less specific routes.
func (r *renderer) validated() *part {
	for _, route := range r.config.Routes {
		r.refused(route.Validate(apisix.JSON))
	}
	p := r.part // not a pointer into r, which holds more
	return &p
}

// refused reports objects that APISIX would refuse to load.
func (r *renderer) refused(problems []apisix.Problem) {
	for _, p := range problems {
		r.findings.dropped(resource(p.Kind, p.ID), p.Field, "APISIX would not load this object: %s", p.Message)
	}
}

// noted are answers that have been found. A part has few, as a rule, and then needs no map.
type noted[K comparable, V any] struct {
	few []pair[K, V]
	all map[K]V // where there are many
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func (k *noted[K, V]) get(key K) (value V, ok bool) {
	for i := range k.few {
		if k.few[i].key == key {
			return k.few[i].value, true
		}
	}
	value, ok = k.all[key]
	return value, ok
}

// put keeps an answer, and returns it.
func (k *noted[K, V]) put(key K, value V) V {
	switch {
	case len(k.few) < 8:
		k.few = append(k.few, pair[K, V]{key, value})
	case k.all == nil:
		k.all = map[K]V{key: value}
	default:
		k.all[key] = value
	}
	return value
}
