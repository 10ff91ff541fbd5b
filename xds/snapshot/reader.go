package snapshot

import (
	"bytes"
	"unicode/utf8"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// A Reader decodes one resource after the other, those of which a mesh has thousands at a fraction of what it costs
// protobuf. What a control plane says again and again, such as the thresholds of all clusters, it decodes once, and the
// resources share it. Whatever it does not expect it leaves to protobuf. What it has decoded lately it keeps: a Reader should
// not live longer than the work. The zero value is ready for use, by one goroutine at a time.
type Reader struct {
	failed bool   // protobuf has to decode it all, or to say what is wrong
	space  []byte // of the resource that is being decoded, if it is compressed

	names     map[string]string // of entries of maps: there are few
	anys      shared[anypb.Any, *anypb.Any]
	durations shared[durationpb.Duration, *durationpb.Duration]
	metadata  shared[corev3.Metadata, *corev3.Metadata]
	structs   shared[structpb.Struct, *structpb.Struct]
	weights   shared[wrapperspb.UInt32Value, *wrapperspb.UInt32Value]

	breakers   shared[clusterv3.CircuitBreakers, *clusterv3.CircuitBreakers]
	balancing  shared[clusterv3.Cluster_CommonLbConfig, *clusterv3.Cluster_CommonLbConfig]
	filters    shared[clusterv3.Filter, *clusterv3.Filter]
	sockets    shared[corev3.TransportSocket, *corev3.TransportSocket]
	sources    shared[corev3.ConfigSource, *corev3.ConfigSource]
	binds      shared[corev3.BindConfig, *corev3.BindConfig]
	conditions shared[routev3.RouteMatch, *routev3.RouteMatch]
	retries    shared[routev3.RetryPolicy, *routev3.RetryPolicy]
}

// Read is the resource itself, as [Resource.Message] says. It must not be modified, and neither must any message within it.
func Read[T proto.Message](d *Reader, r *Resource[T]) (m T) {
	if r == nil || !r.encoded || r.parts != nil {
		return r.Message()
	}
	held := r.wire.Load()
	wire := held.unpack(d.space)
	if held.compressed() {
		d.space = wire
	}
	m = m.ProtoReflect().New().Interface().(T)
	d.failed = false
	switch m := any(m).(type) {
	case *clusterv3.Cluster:
		d.cluster(wire, m)
	case *endpointv3.ClusterLoadAssignment:
		d.assignment(wire, m)
	case *routev3.VirtualHost:
		d.virtualHost(wire, m)
	default:
		d.failed = true
	}
	if d.failed {
		return r.Message()
	}
	return m
}

// shared are the last messages of one kind that were decoded.
type shared[T any, M interface {
	*T
	proto.Message
}] struct {
	ring [4]struct {
		wire    []byte
		message M
	}
	last int
}

// of is the message that is encoded so.
func (s *shared[T, M]) of(d *Reader, wire []byte) M {
	return s.by(d, wire, func(m M) { d.unmarshal(wire, m) })
}

// by is the message that is encoded so. If it is none of the last ones, decode fills a new one.
func (s *shared[T, M]) by(d *Reader, wire []byte, decode func(M)) M {
	for i := range s.ring {
		if e := &s.ring[(s.last+i)%len(s.ring)]; e.message != nil && bytes.Equal(e.wire, wire) {
			return e.message
		}
	}
	m := M(new(T))
	if decode(m); d.failed {
		return m
	}
	s.last = (s.last + len(s.ring) - 1) % len(s.ring)
	e := &s.ring[s.last]
	e.wire, e.message = append(e.wire[:0], wire...), m // the resource may be in the space of the Reader
	return m
}

// next takes the first field off an encoded message, and returns how long it is; all, and a field of no number, if there is no
// whole one.
func (d *Reader) next(wire []byte) (encoded.Field, int) {
	f, n := encoded.Consume(wire)
	if n < 0 {
		d.failed = true
		return encoded.Field{}, len(wire)
	}
	return f, n
}

// each has take take the fields of an encoded message, one after the other. Those that it does not take, protobuf merges into
// the message.
func (d *Reader) each(wire []byte, m proto.Message, take func(f encoded.Field) bool) {
	var rest []byte
	for len(wire) > 0 {
		f, n := d.next(wire)
		if !take(f) {
			rest = append(rest, wire[:n]...)
		}
		wire = wire[n:]
	}
	if len(rest) > 0 && !d.failed {
		d.failed = chosen(m.ProtoReflect(), rest) || proto.UnmarshalOptions{Merge: true}.Unmarshal(rest, m) != nil
	}
}

// chosen reports whether an encoded field is a member of a oneof of which another has been decoded. The last one would hold.
func chosen(m protoreflect.Message, wire []byte) bool {
	for len(wire) > 0 {
		f, n := encoded.Consume(wire)
		if fd := m.Descriptor().Fields().ByNumber(f.Number); fd != nil && fd.ContainingOneof() != nil && m.WhichOneof(fd.ContainingOneof()) != nil {
			return true
		}
		wire = wire[n:]
	}
	return false
}

// once says whether a field comes for the first time. Protobuf merges what comes twice.
func (d *Reader) once(first bool) { d.failed = d.failed || !first }

func (d *Reader) text(b []byte) string {
	d.failed = d.failed || !utf8.Valid(b)
	return string(b)
}

// name is a text that is likely to come again.
func (d *Reader) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := d.text(b)
	if d.names == nil {
		d.names = map[string]string{}
	}
	if len(d.names) < 1000 && !d.failed {
		d.names[s] = s
	}
	return s
}

// unmarshal leaves a message to protobuf.
func (d *Reader) unmarshal(wire []byte, m proto.Message) {
	d.failed = d.failed || proto.Unmarshal(wire, m) != nil
}
