package snapshot

import (
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// Split returns a route configuration without its virtual hosts, and those, in their order. Each is a handle with an
// identity of its own: the change of one virtual host leaves the pointers of all others. It costs nothing: the Builder has
// split the resource when it was put.
func Split(r *Resource[*routev3.RouteConfiguration]) (config *Resource[*routev3.RouteConfiguration], hosts []*Resource[*routev3.VirtualHost]) {
	if r == nil || r.parts == nil {
		return nil, nil
	}
	return r.parts.config, r.parts.hosts
}

// parts are a route configuration without its virtual hosts, and those.
type parts struct {
	config *Resource[*routev3.RouteConfiguration]
	hosts  []*Resource[*routev3.VirtualHost]
}

// The fields of a route configuration that it is split by.
const (
	nameField         protowire.Number = 1 // of a virtual host, too
	virtualHostsField protowire.Number = 2
)

// message joins the parts.
func (p *parts) message() *routev3.RouteConfiguration {
	m := p.config.Message()
	for _, h := range p.hosts {
		m.VirtualHosts = append(m.VirtualHosts, h.Message())
	}
	return m
}

func (p *parts) same(other *parts) bool {
	return p == other || p.config == other.config && slices.Equal(p.hosts, other.hosts)
}

// splitMessage splits a message. What is as in old, which may be nil, keeps its handles.
func splitMessage(m *routev3.RouteConfiguration, old *parts) *parts {
	s := splitter{old: old}
	for _, h := range m.GetVirtualHosts() {
		s.host(&Resource[*routev3.VirtualHost]{name: h.GetName(), message: h})
	}
	bare := new(routev3.RouteConfiguration)
	m.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Number() != virtualHostsField {
			bare.ProtoReflect().Set(fd, v)
		}
		return true
	})
	bare.ProtoReflect().SetUnknown(m.ProtoReflect().GetUnknown())
	return s.parts(&Resource[*routev3.RouteConfiguration]{name: m.GetName(), message: bare})
}

// splitWire splits an encoded route configuration. The parts do not keep it alive: those that are new are copies.
func splitWire(name string, wire []byte, old *parts) *parts {
	s := splitter{old: old}
	var bare []byte
	for len(wire) > 0 {
		f, n := encoded.Consume(wire)
		if n < 0 {
			break
		}
		if f.Is(virtualHostsField, protowire.BytesType) {
			s.wireHost(f.Value)
		} else {
			bare = append(bare, wire[:n]...)
		}
		wire = wire[n:]
	}
	return s.parts(encodedResource[*routev3.RouteConfiguration](name, encoded.Of(slices.Clip(bare))))
}

// splitter finds the parts of a route configuration among those of the version before.
type splitter struct {
	old    *parts // may be nil
	hosts  []*Resource[*routev3.VirtualHost]
	next   int              // in old.hosts, where the next one is to be expected: most often the order stays
	byName map[string][]int // in old.hosts; made when the order has not stayed
	used   []bool           // of old.hosts
}

func (s *splitter) parts(config *Resource[*routev3.RouteConfiguration]) *parts {
	if s.old != nil && s.old.config.says(config) {
		config = s.old.config
	}
	return &parts{config, s.hosts}
}

// wireHost adds a virtual host that is encoded in bytes of somebody else.
func (s *splitter) wireHost(bytes []byte) {
	wire := encoded.Of(bytes)
	if i := s.next; s.candidate(i) && s.old.hosts[i].isEncodedAs(wire.Digest) {
		s.keep(i)
		return
	}
	h := encodedResource[*routev3.VirtualHost](string(encoded.Last(bytes, nameField)), wire)
	s.host(h)
	if s.hosts[len(s.hosts)-1] == h {
		h.own()
	}
}

// host adds a virtual host: one of the version before that says the same, or else h.
func (s *splitter) host(h *Resource[*routev3.VirtualHost]) {
	if i := s.next; s.candidate(i) && s.old.hosts[i].name == h.name {
		if s.next++; s.old.hosts[i].says(h) {
			s.keep(i)
		} else {
			s.hosts = append(s.hosts, h)
		}
		return
	}
	for _, i := range s.named(h.name) {
		if s.candidate(i) && s.old.hosts[i].says(h) {
			s.keep(i)
			return
		}
	}
	s.hosts = append(s.hosts, h)
}

// candidate reports whether there is an i-th virtual host in the version before that has not been found yet.
func (s *splitter) candidate(i int) bool {
	return s.old != nil && i < len(s.old.hosts) && (s.used == nil || !s.used[i])
}

func (s *splitter) keep(i int) {
	if s.used == nil {
		s.used = make([]bool, len(s.old.hosts))
		s.hosts = slices.Grow(s.hosts, len(s.old.hosts))
	}
	s.used[i], s.next = true, i+1
	s.hosts = append(s.hosts, s.old.hosts[i])
}

// named are the virtual hosts of that name in the version before.
func (s *splitter) named(name string) []int {
	if s.old == nil {
		return nil
	}
	if s.byName == nil {
		s.byName = make(map[string][]int, len(s.old.hosts))
		for i, h := range s.old.hosts {
			s.byName[h.name] = append(s.byName[h.name], i)
		}
	}
	return s.byName[name]
}
