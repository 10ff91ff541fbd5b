package xds

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
)

// table is what the validator needs to know of a message type.
type table struct {
	fields []field // by number
	others map[protowire.Number]*field
	strict bool             // the type is one that the validator does not know the rules of: it leaves it to protobuf
	any    bool             // it is google.protobuf.Any
	entry  bool             // it is an entry of a map
	refers protowire.Number // the field that names a route configuration, 0 for none
}

// field is one field of a message type. The zero value is that of an unknown one.
type field struct {
	shape    shape
	repeated bool
	// slot is a bit for what there must not be twice: a message, of which a second is merged into the first, or the choices
	// of a oneof, of which the last counts. What each says alone need not be true of all together.
	slot    uint64
	message protoreflect.MessageDescriptor
	table   *table // of message; made when it is first needed
	last    sight  // the last value that was found sound
}

// sight is a sound value, in a copy, and where it was: how deep, and in how many Anys.
type sight struct {
	value       []byte
	depth, anys int
}

// shape is how values are encoded, and what is checked in them.
type shape uint8

const (
	unknown shape = iota
	varint
	fixed32
	fixed64
	blob
	text
	message
)

// maxDense is the highest field number that is looked up by index.
const maxDense = 127

var anyName = (*anypb.Any)(nil).ProtoReflect().Descriptor().FullName()

// referring are the fields by which connection managers name route configurations, by message type.
var referring = map[protoreflect.FullName]protowire.Number{
	(*hcmv3.Rds)(nil).ProtoReflect().Descriptor().FullName():                        2, // route_config_name
	(*routev3.ScopedRouteConfiguration)(nil).ProtoReflect().Descriptor().FullName(): 2, // route_configuration_name
}

func newTable(md protoreflect.MessageDescriptor) *table {
	t := &table{
		strict: md.Syntax() != protoreflect.Proto3,
		any:    md.FullName() == anyName,
		entry:  md.IsMapEntry(),
		refers: referring[md.FullName()],
	}
	slots := slots{}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		f := field{shape: shapeOf(fd.Kind()), repeated: fd.IsList(), message: fd.Message(), slot: slots.of(fd)}
		t.strict = t.strict || f.shape == unknown
		t.add(fd.Number(), f)
	}
	t.strict = t.strict || slots.n > 64
	return t
}

func (t *table) add(n protowire.Number, f field) {
	if n > maxDense {
		if t.others == nil {
			t.others = map[protowire.Number]*field{}
		}
		t.others[n] = &f
		return
	}
	if missing := int(n) + 1 - len(t.fields); missing > 0 {
		t.fields = append(t.fields, make([]field, missing)...)
	}
	t.fields[n] = f
}

// field is the field of that number, nil if there is none.
func (t *table) field(n protowire.Number) *field {
	if int(n) < len(t.fields) {
		return &t.fields[n]
	}
	return t.others[n]
}

// slots gives out the slots of a message type.
type slots struct {
	n      int
	oneofs map[protoreflect.FullName]uint64
}

func (s *slots) of(fd protoreflect.FieldDescriptor) uint64 {
	o := fd.ContainingOneof()
	switch {
	case o != nil && !o.IsSynthetic():
		if s.oneofs == nil {
			s.oneofs = map[protoreflect.FullName]uint64{}
		}
		if s.oneofs[o.FullName()] == 0 {
			s.oneofs[o.FullName()] = s.next()
		}
		return s.oneofs[o.FullName()]
	case fd.Message() != nil && fd.Cardinality() != protoreflect.Repeated:
		return s.next()
	}
	return 0
}

func (s *slots) next() uint64 {
	s.n++
	return 1 << (s.n - 1)
}

// shapeOf is unknown for groups.
func shapeOf(k protoreflect.Kind) shape {
	switch k {
	case protoreflect.BoolKind, protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Uint32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Uint64Kind:
		return varint
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return fixed32
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return fixed64
	case protoreflect.BytesKind:
		return blob
	case protoreflect.StringKind:
		return text
	case protoreflect.MessageKind:
		return message
	}
	return unknown
}

// of is the table of a message type that is linked in, by its name; nil if the name is that of no such type. found says
// whether it is that of anything else.
func (v *validator) of(name []byte) (t *table, found bool) {
	if t := v.tables[string(name)]; t != nil {
		return t, true
	}
	mt, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, err != protoregistry.NotFound
	}
	return v.tableOf(mt.Descriptor()), true
}

func (v *validator) tableOf(md protoreflect.MessageDescriptor) *table {
	name := string(md.FullName())
	t := v.tables[name]
	if t == nil {
		if v.tables == nil {
			v.tables = map[string]*table{}
		}
		t = newTable(md)
		v.tables[name] = t
	}
	return t
}
