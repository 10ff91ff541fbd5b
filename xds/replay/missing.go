package replay

import (
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// references remembers of each message what it makes a client ask for, as long as the message is served: to find that out
// is most of the work of serving a large snapshot of which little has changed.
type references map[proto.Message][]snapshot.Reference

// missing are the endpoints and route configurations that clusters and listeners refer to, and that are not there.
func (known *references) missing(all map[snapshot.Kind]resources) (missing []snapshot.Reference) {
	next := references{}
	for _, k := range []snapshot.Kind{snapshot.Cluster, snapshot.Listener} {
		for _, m := range all[k] {
			asked, ok := (*known)[m]
			if !ok {
				asked = askedFor(m)
			}
			next[m] = asked
			for _, r := range asked {
				if _, ok := all[r.Kind][r.Name]; !ok {
					missing = append(missing, r)
				}
			}
		}
	}
	*known = next
	return missing
}

// askedFor are the references of a message to kinds that clients ask for by name and istiod always answers.
func askedFor(m proto.Message) (asked []snapshot.Reference) {
	for _, r := range snapshot.ReferencesOf(m) {
		if emptyResource(r.Kind, r.Name) != nil {
			asked = append(asked, r)
		}
	}
	return asked
}
