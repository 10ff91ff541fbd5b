package apisix

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// Streams is what an APISIX does with TCP connections: its stream_routes, where the plugin amesh-destination puts the
// address that the client dialled in place of the one that the connection was redirected to. Of the plugins it knows
// amesh-passthrough, amesh-split, amesh-sni and traffic-split. It is immutable and safe for concurrent use.
type Streams struct {
	routes    []*streamRoute // in the order of the file
	upstreams map[string]*conf.Upstream
}

// streamRoute is an object of stream_routes, as far as it decides where a connection goes.
type streamRoute struct {
	ID         string                     `json:"id"`
	Name       string                     `json:"name"`
	ServerAddr string                     `json:"server_addr"`
	ServerPort uint16                     `json:"server_port"`
	RemoteAddr string                     `json:"remote_addr"`
	UpstreamID string                     `json:"upstream_id"`
	Plugins    map[string]json.RawMessage `json:"plugins"`
}

// streamTarget is where a plugin sends a connection.
type streamTarget struct {
	UpstreamID  string             `json:"upstream_id"`
	Choices     []conf.AmeshChoice `json:"choices"`
	Passthrough *passthrough       `json:"passthrough"`
}

type passthrough struct {
	Cluster     string   `json:"cluster"`
	RefusePorts []uint16 `json:"refuse_ports"`
}

// serverNames is the configuration of amesh-sni.
type serverNames struct {
	Servers []struct {
		Names []string     `json:"names"`
		To    streamTarget `json:"to"`
	} `json:"servers"`
	TLS   *streamTarget `json:"tls"`
	Plain *streamTarget `json:"plain"`
}

// NewStreams prepares the stream_routes of c. An error says which of them is not of the form that APISIX takes.
func NewStreams(c *conf.Config) (*Streams, error) {
	s := &Streams{upstreams: map[string]*conf.Upstream{}}
	for _, u := range c.Upstreams {
		s.upstreams[u.ID] = u
	}
	for _, o := range c.Others["stream_routes"] {
		text, err := json.Marshal(o)
		r := new(streamRoute)
		if err == nil {
			err = json.Unmarshal(text, r)
		}
		if err != nil {
			return nil, fmt.Errorf("stream_route %q: %w", o.ID("stream_routes"), err)
		}
		s.routes = append(s.routes, r)
	}
	slices.SortStableFunc(s.routes, func(a, b *streamRoute) int { return cmp.Compare(a.ID, b.ID) }) // as the file is written
	return s, nil
}

// Serves reports whether a stream route is for connections to that port, whatever their address.
func (s *Streams) Serves(port uint16) bool {
	return slices.ContainsFunc(s.routes, func(r *streamRoute) bool { return r.ServerPort == port })
}

// Route says what becomes of the connection of r: Tunnelled or Refused. If t is not nil, the routes that were considered are
// recorded in it.
func (s *Streams) Route(r *model.Request, t *model.Trace) model.Outcome {
	dst := r.Destination
	if !dst.IsValid() {
		dst = netip.AddrPortFrom(dst.Addr(), r.LocalPort)
	}
	for _, route := range s.routes {
		what := "stream_route/" + route.ID
		if why := route.misses(dst, r.Remote.Addr()); why != "" {
			t.Skip(what, why)
			continue
		}
		t.Take(what, "")
		o := s.serve(route, r)
		o.Route, o.Name = what, route.Name
		return o
	}
	return refused("no stream_route matches")
}

func refused(why string) model.Outcome { return model.Outcome{Kind: model.Refused, Reason: why} }

// misses says why a connection to dst is not the route's; "" if it is.
func (r *streamRoute) misses(dst netip.AddrPort, remote netip.Addr) string {
	switch {
	case !within(r.ServerAddr, dst.Addr()):
		return "server_addr is not " + r.ServerAddr
	case r.ServerPort != 0 && r.ServerPort != dst.Port():
		return fmt.Sprintf("server_port is not %d", r.ServerPort)
	case !within(r.RemoteAddr, remote):
		return "remote_addr is not " + r.RemoteAddr
	}
	return ""
}

// within reports whether an address is that of the text, or in its range; "" is any.
func within(text string, addr netip.Addr) bool {
	if text == "" {
		return true
	}
	if !strings.Contains(text, "/") {
		one, err := netip.ParseAddr(text)
		return err == nil && one.Unmap() == addr.Unmap()
	}
	p, err := netip.ParsePrefix(text)
	return err == nil && p.Contains(addr.Unmap())
}

// serve is what the plugins of a route do with a connection, or its upstream.
func (s *Streams) serve(route *streamRoute, r *model.Request) model.Outcome {
	target := streamTarget{UpstreamID: route.UpstreamID}
	for name, text := range route.Plugins {
		into, names := any(&target), serverNames{}
		switch name {
		case "amesh-sni":
			into = &names
		case "amesh-passthrough":
			target.Passthrough = &passthrough{}
			into = target.Passthrough
		case "amesh-split":
		case "traffic-split":
			return model.Outcome{Kind: model.Undecided, Reason: "the stream plugin traffic-split is not modelled"}
		default:
			return model.Outcome{Kind: model.Undecided, Reason: "the stream plugin " + name + " is not modelled"}
		}
		if err := json.Unmarshal(text, into); err != nil {
			return model.Outcome{Kind: model.Undecided, Reason: name + ": " + err.Error()}
		}
		if name == "amesh-sni" {
			to := names.target(r.TLS)
			if to == nil {
				return refused("amesh-sni has nothing for such a connection")
			}
			target = *to
		}
	}
	return s.send(target, r)
}

// target is where a connection goes, by the server name of its TLS; nil for nowhere.
func (n serverNames) target(tls *model.TLS) *streamTarget {
	if tls == nil {
		return n.Plain
	}
	name := strings.ToLower(tls.ServerName)
	var best *streamTarget
	longest := -1
	for i := range n.Servers {
		for _, one := range n.Servers[i].Names {
			suffix, wildcard := strings.CutPrefix(one, "*")
			switch {
			case !wildcard && one == name && name != "":
				return &n.Servers[i].To
			case wildcard && len(name) > len(suffix) && strings.HasSuffix(name, suffix) && len(suffix) > longest:
				best, longest = &n.Servers[i].To, len(suffix)
			}
		}
	}
	return cmp.Or(best, n.TLS)
}

func (s *Streams) send(to streamTarget, r *model.Request) model.Outcome {
	switch p := to.Passthrough; {
	case p != nil && (!r.Destination.IsValid() || slices.Contains(p.RefusePorts, r.Destination.Port())):
		return refused("amesh-passthrough: the destination is not known, or this proxy")
	case p != nil:
		return model.Outcome{Kind: model.Tunnelled, Cluster: p.Cluster, Clusters: []model.Choice{{Cluster: p.Cluster, Weight: 1}}}
	}
	ids := []choice{{to.UpstreamID, 1}}
	if to.Choices != nil {
		ids = nil
		for _, c := range to.Choices {
			ids = append(ids, choice{c.UpstreamID, c.Weight})
		}
	}
	var byID []model.Choice
	o := model.Outcome{Kind: model.Tunnelled}
	for _, c := range ids {
		byID = append(byID, model.Choice{Cluster: c.id, Weight: uint64(c.weight)})
		o.Clusters = append(o.Clusters, model.Choice{Cluster: clusterName(s.upstreams[c.id]), Weight: uint64(c.weight)})
	}
	id := model.Pick(byID, r.Random)
	u := s.upstreams[id]
	switch {
	case u == nil:
		return refused("no upstream " + strconv.Quote(id))
	case u.Name == conf.ClosedName:
		return refused(u.Name)
	case len(u.Nodes) == 0:
		o.Reason = "the upstream has no nodes: the connection is closed"
	}
	o.Cluster = clusterName(u)
	return o
}
