package snapshot

import (
	"slices"

	"github.com/cncf/xds/go/udpa/annotations"
	udpatypev1 "github.com/cncf/xds/go/udpa/type/v1"
	xdstypev3 "github.com/cncf/xds/go/xds/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// redacted is what Envoy's admin interface writes in place of a secret, as a string or as the bytes of one.
const (
	redacted       = "[redacted]"
	redactedBase64 = "W3JlZGFjdGVkXQ=="
)

// redactor blanks the fields that Envoy's API marks as sensitive (udpa.annotations.sensitive: private keys, passwords,
// tokens), as Envoy's MessageUtil::redact does. It remembers which fields of a message type these are.
type redactor map[protoreflect.MessageDescriptor][]protoreflect.FieldDescriptor

// message blanks the sensitive fields of one message, for use with rewrite.
func (r redactor) message(m protoreflect.Message) bool {
	switch s := m.Interface().(type) {
	case *xdstypev3.TypedStruct:
		return r.typedStruct(s.GetTypeUrl(), s.GetValue())
	case *udpatypev1.TypedStruct:
		return r.typedStruct(s.GetTypeUrl(), s.GetValue())
	}
	changed := false
	for _, fd := range r.sensitive(m.Descriptor()) {
		if m.Has(fd) {
			blankField(m, fd)
			changed = true
		}
	}
	return changed
}

// sensitive lists the sensitive fields of a message type.
func (r redactor) sensitive(md protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	fields, ok := r[md]
	if !ok {
		for i := range md.Fields().Len() {
			fd := md.Fields().Get(i)
			if marked, _ := proto.GetExtension(fd.Options(), annotations.E_Sensitive).(bool); marked {
				fields = append(fields, fd)
			}
		}
		r[md] = fields
	}
	return fields
}

// blankField blanks a field whatever its type. Numbers have no blank form and are cleared.
func blankField(m protoreflect.Message, fd protoreflect.FieldDescriptor) {
	switch {
	case fd.IsMap():
		m.Mutable(fd).Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			if fd.MapValue().Message() != nil {
				blankMessage(v.Message())
			} else {
				m.Mutable(fd).Map().Set(k, blankScalar(fd.MapValue()))
			}
			return true
		})
	case fd.IsList():
		l := m.Mutable(fd).List()
		for i := range l.Len() {
			if fd.Message() != nil {
				blankMessage(l.Get(i).Message())
			} else {
				l.Set(i, blankScalar(fd))
			}
		}
	case fd.Message() != nil:
		blankMessage(m.Mutable(fd).Message())
	default:
		m.Set(fd, blankScalar(fd))
	}
}

func blankScalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(redacted)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(redacted))
	}
	return fd.Default()
}

func blankMessage(m protoreflect.Message) {
	if a, ok := m.Interface().(*anypb.Any); ok {
		blanked := rewriteAny(a, func(inner protoreflect.Message) bool { blankMessage(inner); return true })
		if !blanked {
			a.Value = nil
		}
		return
	}
	m.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		blankField(m, fd)
		return true
	})
}

// typedStruct blanks the sensitive fields of a message that is given as a Struct, if its type is known.
func (r redactor) typedStruct(url string, s *structpb.Struct) bool {
	mt, err := protoregistry.GlobalTypes.FindMessageByURL(url)
	return err == nil && r.structFields(s, mt.Descriptor())
}

func (r redactor) structFields(s *structpb.Struct, md protoreflect.MessageDescriptor) bool {
	changed := false
	for key, v := range s.GetFields() {
		fd := fieldOf(md, key)
		switch {
		case fd == nil:
		case slices.Contains(r.sensitive(md), fd):
			blankValue(v)
			changed = true
		case fd.Message() != nil:
			changed = r.structValue(v, fd.Message()) || changed
		}
	}
	return changed
}

func (r redactor) structValue(v *structpb.Value, md protoreflect.MessageDescriptor) bool {
	changed := r.structFields(v.GetStructValue(), md)
	for _, e := range v.GetListValue().GetValues() {
		changed = r.structValue(e, md) || changed
	}
	return changed
}

func blankValue(v *structpb.Value) {
	for _, field := range v.GetStructValue().GetFields() {
		blankValue(field)
	}
	for _, e := range v.GetListValue().GetValues() {
		blankValue(e)
	}
	if _, ok := v.GetKind().(*structpb.Value_StringValue); ok {
		v.Kind = &structpb.Value_StringValue{StringValue: redacted}
	}
}
