// Package mutate changes protobuf messages at random, for tests.
package mutate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Field changes one field of m, or of a message in it: clears it, sets it to something odd, repeats or adds an element.
// Strings become one of texts.
func Field(rng *rand.Rand, m protoreflect.Message, texts []string) {
	if a, ok := m.Interface().(*anypb.Any); ok {
		if inner, err := a.UnmarshalNew(); err == nil {
			Field(rng, inner.ProtoReflect(), texts)
			_ = a.MarshalFrom(inner) // what cannot be marshalled stays as it was
		}
		return
	}
	fields := m.Descriptor().Fields()
	set := SetFields(m)
	if fields.Len() == 0 {
		return
	}
	fd := fields.Get(rng.IntN(fields.Len()))
	if len(set) > 0 && rng.IntN(4) > 0 {
		fd = set[rng.IntN(len(set))]
	}
	switch {
	case rng.IntN(8) == 0:
		m.Clear(fd)
	case fd.IsMap():
		mutateMap(rng, fd, m.Mutable(fd).Map(), texts)
	case fd.IsList():
		mutateList(rng, fd, m.Mutable(fd).List(), texts)
	case fd.Message() != nil:
		Field(rng, m.Mutable(fd).Message(), texts)
	default:
		m.Set(fd, randomValue(rng, fd, texts))
	}
}

// mutateMap changes or removes one entry; the order of keys makes a seed repeat itself.
func mutateMap(rng *rand.Rand, fd protoreflect.FieldDescriptor, entries protoreflect.Map, texts []string) {
	var keys []protoreflect.MapKey
	entries.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	if len(keys) == 0 {
		return
	}
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int { return cmp.Compare(a.String(), b.String()) })
	key := keys[rng.IntN(len(keys))]
	switch {
	case rng.IntN(8) == 0:
		entries.Clear(key)
	case fd.MapValue().Message() != nil:
		Field(rng, entries.Mutable(key).Message(), texts)
	default:
		entries.Set(key, randomValue(rng, fd.MapValue(), texts))
	}
}

func mutateList(rng *rand.Rand, fd protoreflect.FieldDescriptor, list protoreflect.List, texts []string) {
	switch {
	case fd.Message() == nil:
		list.Append(randomValue(rng, fd, texts))
	case list.Len() == 0:
		Field(rng, list.AppendMutable().Message(), texts)
	case rng.IntN(4) == 0:
		list.Append(protoreflect.ValueOfMessage(proto.Clone(list.Get(rng.IntN(list.Len())).Message().Interface()).ProtoReflect()))
	default:
		Field(rng, list.Get(rng.IntN(list.Len())).Message(), texts)
	}
}

func randomValue(rng *rand.Rand, fd protoreflect.FieldDescriptor, texts []string) protoreflect.Value {
	number := []int64{0, 1, -1, 100, math.MaxInt32, math.MaxInt64, math.MinInt64}[rng.IntN(7)]
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(texts[rng.IntN(len(texts))])
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(texts[rng.IntN(len(texts))]))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rng.IntN(2) == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rng.IntN(12)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64([]float64{0, -1, 0.5, math.NaN(), math.Inf(1), 1e300}[rng.IntN(6)])
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(number))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(number))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(number))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(number))
	}
	return protoreflect.ValueOfInt64(number)
}

// SetFields are the fields set in m, in the order of their numbers: Range has none.
func SetFields(m protoreflect.Message) []protoreflect.FieldDescriptor {
	var list []protoreflect.FieldDescriptor
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if m.Has(fields.Get(i)) {
			list = append(list, fields.Get(i))
		}
	}
	return list
}

// Resources are all resources of a snapshot, by kind and name.
func Resources(s *snapshot.Snapshot) []proto.Message {
	var list []proto.Message
	for _, m := range s.Listeners().All() {
		list = append(list, m)
	}
	for _, m := range s.RouteConfigurations().All() {
		list = append(list, m)
	}
	for _, m := range s.Clusters().All() {
		list = append(list, m)
	}
	for _, m := range s.Endpoints().All() {
		list = append(list, m)
	}
	for _, m := range s.Secrets().All() {
		list = append(list, m)
	}
	return list
}
