package render

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/amesh-render/amesh-render/internal/mutate"
)

// Whether a field is set, hasField says of all messages that have tables as protoreflect does.
func TestHasField(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	set := 0
	for _, table := range fieldTables {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(table.message.FullName())
		if err != nil {
			t.Fatal(err)
		}
		for i := range table.message.Fields().Len() {
			fd := table.message.Fields().Get(i)
			is := hasFieldOf(kind.New().Interface(), fd)
			for range 20 {
				m := kind.New()
				for range rng.IntN(4) {
					mutate.Field(rng, m, []string{"", "x"})
				}
				if rng.IntN(2) == 0 {
					m.Set(fd, value(m, fd))
				}
				if m.Has(fd) {
					set++
				}
				if got, want := is(reflect.ValueOf(m.Interface()).Elem()), m.Has(fd); got != want {
					t.Errorf("%s.%s in %v: got %v, want %v", table.message.FullName(), fd.Name(), m, got, want)
				}
			}
		}
	}
	if set < 1000 {
		t.Errorf("only %d fields were set", set)
	}
}

// value is a value for a field, empty or not.
func value(m protoreflect.Message, fd protoreflect.FieldDescriptor) protoreflect.Value {
	v := m.NewField(fd)
	if fd.IsList() && fd.Message() != nil {
		v.List().Append(v.List().NewElement())
	}
	return v
}
