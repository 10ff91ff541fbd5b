package snapshot

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// response is a DiscoveryResponse or a DeltaDiscoveryResponse, as far as it has been read.
type response struct {
	present bool // one of responseKeys was there
	lists   bool // resources or removals were there, if only as empty lists
	version bool // version_info is set, which only state-of-the-world responses have
	nonce   bool
	delta   bool

	typeURL  string
	defined  []definition
	removed  []string
	leftOver map[string]int // how many resources of types that a snapshot does not hold
}

// responseKeys tell a response from other objects.
var responseKeys = []string{"resources", "removed_resources", "removed_resource_names", "type_url"}

// hint looks at members that responses share with other objects.
func (p *response) hint(key string, value text) {
	switch key {
	case "version_info":
		p.version = !value.empty()
	case "nonce":
		p.nonce = true
	case "system_version_info":
		p.nonce, p.delta = true, true
	}
}

func (r *reader) responseMember(p *response, key string) error {
	p.present = true
	if key == "type_url" {
		t, err := r.next()
		p.typeURL = t.str()
		return err
	}
	p.lists = true
	p.delta = p.delta || key != "resources"
	return r.arrayAt(key, func() error {
		t, err := r.next()
		if err != nil {
			return err
		}
		if key == "resources" {
			return r.responseResource(p, t)
		}
		if name, ok := t.member("name"); ok { // removed_resource_names
			t = name
		}
		if !t.is('"') {
			return r.failf(t.at, "%s: found %s, expected a name", key, t.describe())
		}
		p.removed = append(p.removed, t.str())
		return nil
	})
}

// responseResource decodes an element of resources: an Any, or in a delta response an object around one.
func (r *reader) responseResource(p *response, t text) error {
	url, typed := t.cutType()
	if !typed || strings.HasSuffix(url, "/envoy.service.discovery.v3.Resource") {
		inner, ok := t.member("resource")
		if _, named := t.member("name"); !ok && !named {
			return r.failf(t.at, "found %s among the resources of a discovery response, expected an object with an @type",
				t.describe())
		}
		p.delta = p.delta || !typed
		if inner.empty() {
			return nil // a heartbeat
		}
		if url, typed = inner.cutType(); !typed {
			return r.failf(inner.at, "found a resource without an @type")
		}
		t = inner
	}
	k, ok := KindOfTypeURL(url)
	if !ok {
		if p.leftOver == nil {
			p.leftOver = map[string]int{}
		}
		p.leftOver[url]++
		return nil
	}
	d := definition{kind: k, text: t}
	err := r.decode(&d)
	if d.message != nil {
		p.defined = append(p.defined, d)
	}
	return err
}

// respond applies a response as a client does: CDS and LDS of the state-of-the-world protocol replace what there is, all
// others merge by name.
func (r *reader) respond(o *object) error {
	p := &o.response
	if !p.lists && !p.version && !p.nonce {
		return r.failf(o.begin, "found an object with a type_url and no resources; %s", expected)
	}
	r.found = true
	r.union.apply(r)
	k, ok := KindOfTypeURL(p.typeURL)
	if !ok && len(p.defined) > 0 {
		k = p.defined[0].kind
	}
	if len(p.removed) > 0 && k == 0 && p.typeURL == "" {
		return r.failf(o.begin, "found removed_resources in a response without a type_url")
	}
	for _, name := range p.removed {
		r.builder.Remove(k, name)
	}
	if (k == Cluster || k == Listener) && !p.delta && (p.version || len(p.defined) > 0) {
		if err := r.builder.Replace(k, p.of(k)); err != nil {
			return r.failf(o.begin, "%w", err)
		}
	}
	for _, d := range p.defined {
		r.keep(d)
	}
	for _, url := range slices.Sorted(maps.Keys(p.leftOver)) {
		r.note("", "%s: resources of type %q are left out (%d)", r.source, url, p.leftOver[url])
	}
	return nil
}

// of are the resources of one kind.
func (p *response) of(k Kind) []proto.Message {
	var ms []proto.Message
	for _, d := range p.defined {
		if d.kind == k {
			ms = append(ms, d.message)
		}
	}
	return ms
}
