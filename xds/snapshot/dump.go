package snapshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// WriteDump writes the snapshot as Envoy's admin interface prints a config_dump with include_eds: JSON with snake_case
// keys, without times and notes, one resource after the other. The same snapshot gives the same bytes.
//
// Whatever Envoy's API marks as sensitive, such as private keys, is replaced by "[redacted]", as Envoy does. But for
// that, and for fields that this program does not know, Decode gives back an equal snapshot: an Any of an unknown type is
// written as a TypedStruct whose value is {"@base64": "…"}, which Decode undoes. (Equal bytes in an Any need a sender that
// marshals deterministically, as istiod does.) Errors are those of w, or name the resource that has no JSON form.
func (s *Snapshot) WriteDump(w io.Writer) error {
	d := &dumper{w: bufio.NewWriter(w), redactor: redactor{}}
	d.text("{\n \"configs\": [")
	if s.node != nil {
		d.begin("BootstrapConfigDump", "bootstrap")
		d.value("   ", `{"node":`, d.message("node", s.node), `}`)
		d.text("\n  }")
	}
	writeSet(d, "ClustersConfigDump", "dynamic_active_clusters", s.clusters)
	writeSet(d, "EndpointsConfigDump", "dynamic_endpoint_configs", s.endpoints)
	writeSet(d, "ListenersConfigDump", "dynamic_listeners", s.listeners)
	writeSet(d, "RoutesConfigDump", "dynamic_route_configs", s.routes)
	writeSet(d, "SecretsConfigDump", "dynamic_active_secrets", s.secrets)
	d.text("\n ]\n}\n")
	if d.err == nil {
		d.err = d.w.Flush()
	}
	return d.err
}

// dumper writes the parts of a config_dump. After the first error it does nothing.
type dumper struct {
	w        *bufio.Writer
	redactor redactor
	parts    int
	compact  bytes.Buffer
	pretty   bytes.Buffer
	err      error
}

// writeSet writes a part with one list, unless the set is empty.
func writeSet[T proto.Message](d *dumper, part, list string, set Set[T]) {
	if set.Len() == 0 {
		return
	}
	d.begin(part, list)
	separator := "[\n    "
	for name, m := range set.All() {
		k, _ := KindOf(m)
		d.text(separator)
		d.item(k, name, m)
		separator = ",\n    "
	}
	d.text("\n   ]\n  }")
}

// item writes a resource as an item of its list.
func (d *dumper) item(k Kind, name string, m proto.Message) {
	resource := typed(k, d.message(k.path(name), m))
	quoted, _ := json.Marshal(name) // a string always has a JSON form
	before, field, after := "{", k.String(), "}"
	switch k {
	case Listener:
		before, after = `{"name":`+string(quoted)+`,"active_state":{`, `}}`
	case Secret:
		before = `{"name":` + string(quoted) + `,`
	case Endpoints:
		// A version says that the endpoints came by EDS; Envoy's own view of other clusters' hosts has none.
		before, field = `{"version_info":"0",`, "endpoint_config"
	}
	d.value("    ", before+`"`+field+`":`, resource, after)
}

// message is the JSON form of a message, without what must not be shown.
func (d *dumper) message(path string, m proto.Message) []byte {
	if d.err != nil {
		return nil
	}
	m = proto.Clone(m)
	rewrite(m.ProtoReflect(), func(m protoreflect.Message) bool { return wrapBinary(m) || d.redactor.message(m) })
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		d.err = fmt.Errorf("write dump: %s: %w", path, err)
	}
	return b
}

// typed puts the "@type" of an Any before the members of an object.
func typed(k Kind, object []byte) []byte {
	head := []byte(`{"@type":"` + k.TypeURL() + `"`)
	if rest := bytes.TrimLeft(bytes.TrimPrefix(object, []byte("{")), " "); len(rest) > 1 {
		return append(append(head, ','), rest...)
	}
	return append(head, '}')
}

// begin begins a part up to its one member.
func (d *dumper) begin(part, key string) {
	if d.parts++; d.parts > 1 {
		d.text(",")
	}
	d.text("\n  {\n   \"@type\": \"" + typePrefix + "envoy.admin.v3." + part + "\",\n   \"" + key + "\": ")
}

// value writes a JSON value indented. It makes the bytes stable: protojson varies its white space from build to build.
func (d *dumper) value(prefix, before string, middle []byte, after string) {
	if d.err != nil {
		return
	}
	d.compact.Reset()
	d.compact.WriteString(before)
	d.compact.Write(middle)
	d.compact.WriteString(after)
	d.pretty.Reset()
	if d.err = json.Indent(&d.pretty, d.compact.Bytes(), prefix, " "); d.err == nil {
		_, d.err = d.w.Write(d.pretty.Bytes())
	}
}

func (d *dumper) text(s string) {
	if d.err == nil {
		_, d.err = d.w.WriteString(s)
	}
}
