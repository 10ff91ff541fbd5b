package xds

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/encoded"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// maxDepth is how deep Anys may nest within one resource. Envoy's own configuration needs fewer than ten; each level is
// decoded from what the one above it holds, so that without a limit a short message could cost very much time.
const maxDepth = 32

// decode reads a resource, and everything in it: an Any of a type that we know and whose content is broken makes the whole
// resource undecodable, as it does in Envoy. An Any of a type that we do not know is no error.
func decode(a *anypb.Any) (proto.Message, error) {
	m, err := open(a)
	if err != nil {
		return nil, errors.New(protobufReason(err))
	}
	if snapshot.NameOf(m) == "" {
		return nil, errors.New("it has no name")
	}
	if err := checkAnys(m.ProtoReflect(), 0); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "."))
	}
	return m, nil
}

func open(a *anypb.Any) (proto.Message, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByURL(a.GetTypeUrl())
	if err != nil {
		return nil, err
	}
	m := t.New().Interface()
	return m, proto.Unmarshal(a.GetValue(), m)
}

// checkAnys opens every Any at or below m. Its errors begin with the path of the field, each step after a dot.
func checkAnys(m protoreflect.Message, depth int) (err error) {
	if a, ok := m.Interface().(*anypb.Any); ok {
		return checkAny(a, depth)
	}
	if m.Descriptor().FullName().Parent() == "google.protobuf" {
		return nil // Structs and such: much text, and no Any
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		err = checkField(fd, v, depth)
		return err == nil
	})
	return err
}

func checkAny(a *anypb.Any, depth int) error {
	if depth == maxDepth {
		return fmt.Errorf(": Anys nest deeper than %d", maxDepth)
	}
	m, err := open(a)
	switch {
	case errors.Is(err, protoregistry.NotFound):
		return nil
	case err != nil:
		return fmt.Errorf(": %q: %s", a.GetTypeUrl(), protobufReason(err))
	}
	return checkAnys(m.ProtoReflect(), depth+1)
}

func checkField(fd protoreflect.FieldDescriptor, v protoreflect.Value, depth int) (err error) {
	switch {
	case fd.IsMap() && fd.MapValue().Message() != nil:
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			if err = checkAnys(v.Message(), depth); err != nil {
				err = fmt.Errorf(".%s[%s]%w", fd.Name(), k, err)
			}
			return err == nil
		})
	case fd.IsMap() || fd.Message() == nil:
	case fd.IsList():
		for i, l := 0, v.List(); i < l.Len() && err == nil; i++ {
			if err = checkAnys(l.Get(i).Message(), depth); err != nil {
				err = fmt.Errorf(".%s[%d]%w", fd.Name(), i, err)
			}
		}
	default:
		if err = checkAnys(v.Message(), depth); err != nil {
			err = fmt.Errorf(".%s%w", fd.Name(), err)
		}
	}
	return err
}

// protobufReason is the text of an error of protobuf's without its prefix, whose spaces vary from build to build.
func protobufReason(err error) string {
	return strings.TrimLeft(strings.TrimPrefix(err.Error(), "proto:"), " \u00a0")
}

// nameIn finds a resource's name in its encoded form: in all four types that we ask for it is field 1. A broken resource
// often still tells its name.
func nameIn(b []byte) (name string) {
	for len(b) > 0 {
		f, n := encoded.Consume(b)
		if n < 0 {
			return name
		}
		if f.Is(1, protowire.BytesType) && utf8.Valid(f.Value) {
			name = string(f.Value)
		}
		b = b[n:]
	}
	return name
}
