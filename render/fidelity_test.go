package render

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// TestComposedFields: a message that has a table of its own is not called exact as a whole, and what is said to be as its
// own fields has a table.
func TestComposedFields(t *testing.T) {
	for _, table := range fieldTables {
		for i := range table.message.Fields().Len() {
			fd := table.message.Fields().Get(i)
			rule := table.rule(fd.Number())
			switch tabled := hasTable(fd); {
			case rule == nil:
			case tabled && rule.fidelity() == Exact:
				t.Errorf("%s is called exact, but has fields of its own", fd.FullName())
			case !tabled && *rule == composed:
				t.Errorf("%s is said to be as its own fields, which no table lists", fd.FullName())
			}
		}
	}
}

// hasTable reports whether the field holds messages of a type that has a table with fields.
func hasTable(fd protoreflect.FieldDescriptor) bool {
	if fd.IsMap() {
		fd = fd.MapValue()
	}
	return fd.Message() != nil && slices.ContainsFunc(fieldTables, func(t *fieldTable) bool {
		return t.message.FullName() == fd.Message().FullName()
	})
}

// TestIstioFeatures: what is said of Istio's features is said outright, with a reason wherever it is not exact.
func TestIstioFeatures(t *testing.T) {
	for _, group := range istioGroups() {
		for _, f := range group.Features {
			if f.Fidelity == ByField || f.Fidelity != Exact && f.Reason == "" {
				t.Errorf("%s, %s: %s, because %q", group.Name, f.Name, f.Fidelity, f.Reason)
			}
		}
	}
}

// TestReasons: no table calls a field something other than exact without saying why.
func TestReasons(t *testing.T) {
	for _, table := range fieldTables {
		for _, f := range table.features() {
			if f.Fidelity != Exact && f.Reason == "" {
				t.Errorf("%s.%s: %s, but no reason", table.message.FullName(), f.Name, f.Fidelity)
			}
		}
	}
}
