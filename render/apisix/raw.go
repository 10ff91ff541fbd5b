package apisix

import (
	"encoding/json"
	"reflect"
)

// RouteOf is a route from an object as a file has it. If the fields do not hold all of it, Raw does, and the fields are
// what they can hold. Values are as encoding/json would decode them.
func RouteOf(o Object) *Route {
	r := new(Route)
	if !fill(reflect.ValueOf(r), o) {
		r.ID, r.Raw = o.ID("routes"), o
	}
	return r
}

// UpstreamOf is an upstream from an object as a file has it, as [RouteOf].
func UpstreamOf(o Object) *Upstream {
	u := new(Upstream)
	if !fill(reflect.ValueOf(u), o) {
		u.ID, u.Raw = o.ID("upstreams"), o
	}
	return u
}

// fill reads the members of an object into the fields of a struct, and reports whether those are all of the object.
func fill(v reflect.Value, o Object) bool {
	fields := encoderOf(v.Elem().Type()).(*structEncoder).fields
	for _, fd := range fields {
		member, ok := o[fd.name]
		if !ok {
			continue
		}
		x := reflect.New(v.Elem().Field(fd.index).Type())
		text, err := json.Marshal(member)
		if err == nil && json.Unmarshal(text, x.Interface()) == nil {
			v.Elem().Field(fd.index).Set(x.Elem())
		}
	}
	text, err := json.Marshal(o)
	var plain any
	return err == nil && json.Unmarshal(text, &plain) == nil && holds(v, plain)
}
