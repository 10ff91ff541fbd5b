package apisix

import (
	"reflect"
	"testing"
)

// TestNodeEncoder: a node is written as its struct is, field for field, whichever of them have values.
func TestNodeEncoder(t *testing.T) {
	e := encoderOf(reflect.TypeFor[Node]()).(nodeEncoder)
	fields := reflect.TypeFor[Node]().NumField()
	for set := range 1 << fields {
		n := new(Node)
		v := reflect.ValueOf(n).Elem()
		for i := range fields {
			switch field := v.Field(i); {
			case set&(1<<i) == 0:
			case field.CanInt():
				field.SetInt(int64(-3 - i))
			default:
				field.Set(reflect.ValueOf("a$"))
			}
		}
		for f := range Format(formats) {
			if got, want := string(e.flow(nil, v, f)), string(e.structEncoder.flow(nil, v, f)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}
