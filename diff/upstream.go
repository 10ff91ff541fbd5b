package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// labelFields are those that no request can notice.
var labelFields = []string{"id", "name", "desc", "labels", "create_time", "update_time"}

// upstream compares two upstreams; one of them may be nil. labels says that they differ in what no request can notice.
func (c *comparison) upstream(old, new *apisix.Upstream) (u Upstream, labels, differs bool) {
	some := cmp.Or(new, old)
	u = Upstream{Change: Changed, ID: some.ID, Name: cmp.Or(some.Name, some.ID), Aspects: []Aspect{}}
	u.Endpoints = c.endpoints(old, new)
	switch {
	case old == nil:
		u.Change = Added
		return u, false, true
	case new == nil:
		u.Change = Removed
		return u, false, true
	}
	if old.ID != new.ID {
		u.OldID = old.ID
	}
	rest := c.rest("upstreams", old.ID, new.ID, "nodes")
	if len(rest.fields) > 0 {
		u.Aspects = rest.aspects()
	}
	e := u.Endpoints
	differs = len(rest.fields)+len(e.Added)+len(e.Removed)+len(e.Changed) > 0 || (e.Old == 0) != (e.New == 0)
	return u, rest.labels || u.OldID != "", differs
}

// rest is what differs between the raw objects beside some fields.
type rest struct {
	fields []Field
	labels bool // also what no request can notice
}

// rest compares the objects as they are in the files, but for the fields that are compared otherwise.
func (c *comparison) rest(section, oldID, newID string, known ...string) rest {
	var r rest
	old, new := c.old.raw[section][oldID], c.new.raw[section][newID]
	for _, f := range hidden(section, fieldsOf(map[string]any(old), map[string]any(new))) {
		switch top := topField(f.Path); {
		case slices.Contains(labelFields, top):
			r.labels = true
		case !slices.Contains(known, top):
			r.fields = append(r.fields, f)
		}
	}
	return r
}

// topField is the field of the object that a path is in.
func topField(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

// aspects are the fields as aspects: one for each field of the object.
func (r rest) aspects() []Aspect {
	out := []Aspect{}
	for _, f := range r.fields {
		out = append(out, Aspect{Name: f.Path, Old: f.Old, New: f.New})
	}
	return out
}

func (c *comparison) endpoints(old, new *apisix.Upstream) Endpoints {
	before, after := nodesOf(old), nodesOf(new)
	e := Endpoints{Old: len(before), New: len(after), Added: []string{}, Removed: []string{}, Changed: []string{}}
	if c.options.IgnoreEndpoints || old == nil || new == nil {
		return e
	}
	left := map[string]apisix.Node{}
	for _, n := range before {
		left[address(n)] = n
	}
	for _, n := range after {
		was, known := left[address(n)]
		switch {
		case !known:
			e.Added = append(e.Added, c.endpoint(n))
		case was != n:
			e.Changed = append(e.Changed, fmt.Sprintf("%s: %s", c.endpoint(n), nodeChange(was, n)))
		}
		delete(left, address(n))
	}
	for _, n := range before {
		if _, gone := left[address(n)]; gone {
			e.Removed = append(e.Removed, c.endpoint(n))
		}
	}
	for _, list := range [][]string{e.Added, e.Removed, e.Changed} {
		slices.Sort(list)
	}
	return e
}

func nodesOf(u *apisix.Upstream) []apisix.Node {
	if u == nil {
		return nil
	}
	return u.Nodes
}

func nodeChange(old, new apisix.Node) string {
	var parts []string
	if old.Weight != new.Weight {
		parts = append(parts, fmt.Sprintf("weight %d → %d", old.Weight, new.Weight))
	}
	if old.Priority != new.Priority {
		parts = append(parts, fmt.Sprintf("priority %d → %d", old.Priority, new.Priority))
	}
	return strings.Join(parts, ", ")
}

// endpoint is the address of an endpoint, and its version where that is known.
func (c *comparison) endpoint(n apisix.Node) string {
	if v := c.versions[address(n)]; v != "" {
		return address(n) + " (" + v + ")"
	}
	return address(n)
}

// address is host:port, with the brackets of an IPv6 address.
func address(n apisix.Node) string {
	return hostPort(n.Host, n.Port)
}

// hostPort is host:port, with the brackets of an IPv6 address, which it may have already.
func hostPort(host string, port int) string {
	host = strings.Trim(host, "[]")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
