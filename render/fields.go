package render

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A fieldRule says what becomes of one field of an Envoy message when it is set.
type fieldRule struct {
	severity Severity // "" when nothing is lost
	why      string   // for a person: the finding's message, or why ignoring the field is harmless
	stands   Fidelity // for the list of features, where it follows from neither of these
}

// rendered marks a field that code beside the table translates, and whose losses that code reports.
var rendered = fieldRule{why: "rendered"}

// partly marks a field that code beside the table translates with a difference, which that code reports where it
// matters; why says which, for the list of features.
func partly(why string) fieldRule { return reported(Approximate, why) }

// reported marks a field that code beside the table deals with, and whose loss, of that severity, it reports where it
// matters; why says which, for the list of features.
func reported(s Severity, why string) fieldRule {
	return fieldRule{why: why, stands: map[Severity]Fidelity{Approximate: Nearly, Dropped: NotRendered, Denied: Refused}[s]}
}

// refused marks a field that guards requests and cannot be expressed: code beside the table refuses the requests.
func refused(why string) fieldRule { return fieldRule{severity: Denied, why: why} }

// composed marks a field that holds a message with a table of its own, which says what becomes of its fields.
var composed = composedOf("as its own fields")

// composedOf marks a field that stands for what another table or list says; why names it.
func composedOf(why string) fieldRule { return fieldRule{why: why, stands: ByField} }

// harmless marks a field that changes nothing that traffic could notice; why says so.
func harmless(why string) fieldRule { return fieldRule{why: why} }

// lost marks a field whose effect the output does not have.
func lost(why string) fieldRule { return fieldRule{severity: Dropped, why: why} }

// near marks a field whose effect the output has nearly.
func near(why string) fieldRule { return fieldRule{severity: Approximate, why: why} }

// fields is the rules of one message type, by field name. A field that is not listed is reported as not rendered, so
// that what a newer Envoy adds is never lost silently.
type fields map[protoreflect.Name]fieldRule

// A fieldTable is fields made ready for checking: rules by field number, nil for fields without one.
type fieldTable struct {
	message protoreflect.MessageDescriptor
	rules   []*fieldRule
	checked []checkedField
}

// A checkedField is one of those fields of which something is said when they are set.
type checkedField struct {
	field protoreflect.FieldDescriptor
	set   hasField
	rule  *fieldRule // nil where the table has none
}

// fieldTables are all tables, for the list of features.
var fieldTables []*fieldTable

// tableOf prepares the rules for messages of m's type. It panics when a name is not a field of the type: a mistake in
// our own tables, met at start by every test.
func tableOf(m proto.Message, names fields) *fieldTable {
	d := m.ProtoReflect().Descriptor()
	last := protoreflect.FieldNumber(0)
	for i := range d.Fields().Len() {
		last = max(last, d.Fields().Get(i).Number())
	}
	t := &fieldTable{message: d, rules: make([]*fieldRule, last+1)}
	for name, rule := range names {
		fd := d.Fields().ByName(name)
		if fd == nil {
			panic(fmt.Sprintf("render: %s has no field %q", d.FullName(), name))
		}
		t.rules[fd.Number()] = &rule
	}
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		if rule := t.rule(fd.Number()); rule == nil || rule.severity != "" {
			t.checked = append(t.checked, checkedField{fd, hasFieldOf(m, fd), rule})
		}
	}
	fieldTables = append(fieldTables, t)
	return t
}

// rule is that of a field, by its number; nil when the table does not list it.
func (t *fieldTable) rule(n protoreflect.FieldNumber) *fieldRule {
	if int(n) >= len(t.rules) {
		return nil
	}
	return t.rules[n]
}

// check reports every field set in m that its table does not call rendered or harmless. Prefix is the field path of m
// below the resource, "" or ending in a dot.
func (t *fieldTable) check(m proto.Message, at *place, prefix string, f *findings) {
	t.lost(m, at, prefix, f)
}

// lost is check for a message of conditions: it also reports whether any of them has no effect in the output, so that
// what they guard or select must not be rendered without them.
func (t *fieldTable) lost(m proto.Message, at *place, prefix string, f *findings) (lost bool) {
	v := reflect.ValueOf(m)
	if v.IsNil() {
		return false
	}
	v = v.Elem()
	for i := range t.checked {
		c := &t.checked[i]
		if !c.set(v) {
			continue
		}
		if c.rule == nil {
			lost = true
			f.dropped(at, prefix+string(c.field.Name()), "not rendered")
			continue
		}
		lost = lost || c.rule.severity != Approximate
		f.add(c.rule.severity, at, prefix+string(c.field.Name()), "%s", c.rule.why)
	}
	return lost
}
