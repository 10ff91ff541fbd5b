package snapshot

import (
	"fmt"
	"io"
	"sync/atomic"
)

// Source is one thing to decode.
type Source struct {
	// Name stands in errors and notes, like a file's name. Nothing is ever opened by it.
	Name   string
	Reader io.Reader
}

// Decode reads what a person may hold in hand of a proxy's configuration, and merges the sources in order, the way one
// Envoy would have applied them. Each source holds one or more of these, recognised by their shape:
//
//   - Envoy's admin config_dump, with or without include_eds, mask or resource; also as "istioctl proxy-config all" and
//     "… secret" print it, and Envoy's bootstrap (of which only node and static_resources are read);
//   - a DiscoveryResponse or DeltaDiscoveryResponse;
//   - resources alone, as "istioctl proxy-config cluster|listener|route|endpoint" prints them;
//   - arrays of these, or any number of them one after the other;
//
// as JSON (snake_case or camelCase, keys in any order) or YAML (of one or several documents), plain or gzip.
//
// A CDS or LDS response replaces what came before; the other types merge by name; a delta response adds and removes. A
// config_dump adds to what came before: of one name, the active version wins over one that is warming, static resources
// and the bootstrap come after those, and draining ones are left out. Of two sources the later wins.
//
// Unknown fields and enum values are left out, Anys of unknown types become Any(xds.type.v3.TypedStruct); the snapshot's
// Notes say so. Errors name source, line and column (in bytes, from 1), what was found and what was expected.
func Decode(sources ...Source) (*Snapshot, error) {
	return new(Decoder).Decode(sources...)
}

// session is the state of one call of Decode.
type session struct {
	builder *Builder
	// observed are the load assignments that may not have come by EDS: Envoy's config_dump and istioctl list one for every
	// cluster, with the hosts that DNS, the cluster's own load_assignment or the traffic has given it.
	observed map[string]bool
	decoded  *atomic.Int64 // how many resources have been decoded
}

// dropObserved removes the load assignments that belong to a cluster which does not take its endpoints from EDS. They
// would otherwise hide what the cluster itself says.
func (s *session) dropObserved() {
	other := map[string]bool{}
	for name, c := range s.builder.clusters.byName {
		if EndpointsName(c.Message()) == "" {
			other[name] = true
		}
	}
	for _, c := range s.builder.clusters.byName {
		delete(other, EndpointsName(c.Message()))
	}
	for name, observed := range s.observed {
		if observed && other[name] {
			s.builder.Remove(Endpoints, name)
		}
	}
}

// read decodes one source into the builder.
func (s *session) read(source Source) error {
	in, err := open(source)
	if err != nil {
		return err
	}
	r := &reader{session: s, source: in.name, union: newUnion()}
	if in.yaml {
		err = r.readYAML(in.text)
	} else {
		err = r.readJSON(in.text)
	}
	if err != nil {
		return err
	}
	if !r.found {
		s.builder.Note(Note{Resource: dumpResource, Message: fmt.Sprintf("%s holds no resources", in.name)})
	}
	return nil
}

// dumpResource is the Note.Resource of what concerns the input as a whole.
const dumpResource = "dump"
