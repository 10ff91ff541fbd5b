package snapshot

import (
	"bytes"
	"encoding/base64"

	xdstypev3 "github.com/cncf/xds/go/xds/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

const typedStructURL = typePrefix + "xds.type.v3.TypedStruct"

// binaryKey marks the TypedStruct by which a dump holds an Any that has only a binary form:
// {"@type": "…/xds.type.v3.TypedStruct", "type_url": T, "value": {"@base64": "…"}}.
const binaryKey = "@base64"

// rewrite calls f on m and on every message below it, also within Anys, and reports whether anything has changed. f
// changes the message in place and reports whether it did. Below an Any that f has changed, rewrite does not look.
func rewrite(m protoreflect.Message, f func(protoreflect.Message) bool) bool {
	changed := f(m)
	if a, ok := m.Interface().(*anypb.Any); ok {
		return changed || rewriteAny(a, func(inner protoreflect.Message) bool { return rewrite(inner, f) })
	}
	eachMessage(m, func(child protoreflect.Message) {
		changed = rewrite(child, f) || changed
	})
	return changed
}

// eachMessage calls f on the messages that are fields of m, or in its lists and maps.
func eachMessage(m protoreflect.Message, f func(protoreflect.Message)) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			if fd.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					f(v.Message())
					return true
				})
			}
		case fd.Message() == nil:
		case fd.IsList():
			for i, l := 0, v.List(); i < l.Len(); i++ {
				f(l.Get(i).Message())
			}
		default:
			f(v.Message())
		}
		return true
	})
}

// rewriteAny opens an Any for f, and packs it anew if f reports a change. An Any that cannot be opened stays as it is.
func rewriteAny(a *anypb.Any, f func(protoreflect.Message) bool) bool {
	inner, err := a.UnmarshalNew()
	if err != nil || !f(inner.ProtoReflect()) {
		return false
	}
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(inner)
	if err != nil {
		return false
	}
	a.Value = value
	return true
}

// wrapBinary turns an Any that has no JSON form, because its type is unknown or its content broken, into one that has.
func wrapBinary(m protoreflect.Message) bool {
	a, ok := m.Interface().(*anypb.Any)
	if !ok || a.GetTypeUrl() == "" && len(a.GetValue()) == 0 {
		return false
	}
	if _, err := a.UnmarshalNew(); err == nil {
		return false
	}
	wrapped, err := anypb.New(&xdstypev3.TypedStruct{
		TypeUrl: a.GetTypeUrl(),
		Value: &structpb.Struct{Fields: map[string]*structpb.Value{
			binaryKey: structpb.NewStringValue(base64.StdEncoding.EncodeToString(a.GetValue())),
		}},
	})
	if err != nil {
		return false
	}
	a.TypeUrl, a.Value = wrapped.TypeUrl, wrapped.Value
	return true
}

// unwrapBinary undoes wrapBinary.
func unwrapBinary(m protoreflect.Message) bool {
	a, ok := m.Interface().(*anypb.Any)
	if !ok || a.GetTypeUrl() != typedStructURL {
		return false
	}
	s := &xdstypev3.TypedStruct{}
	if a.UnmarshalTo(s) != nil || len(s.GetValue().GetFields()) != 1 {
		return false
	}
	field, ok := s.GetValue().GetFields()[binaryKey]
	value, err := base64.StdEncoding.DecodeString(field.GetStringValue())
	if !ok || err != nil {
		return false
	}
	a.TypeUrl, a.Value = s.GetTypeUrl(), value
	return true
}

// restore brings back what WriteDump has wrapped. The text tells cheaply whether there is anything.
func restore(t text, m proto.Message) {
	if bytes.Contains(t.json, []byte(`"`+binaryKey+`"`)) {
		rewrite(m.ProtoReflect(), unwrapBinary)
	}
}
