package render

import (
	"fmt"
	"strings"
)

// istioGroups is the features of Istio's resources.
func istioGroups() []FeatureGroup {
	var groups []FeatureGroup
	for _, f := range istioFeatures {
		if n := len(groups); n == 0 || groups[n-1].Name != f.group {
			groups = append(groups, FeatureGroup{Name: f.group})
		}
		last := &groups[len(groups)-1]
		if f.own.Name = f.name; f.fields != "" {
			f.own = istioFeature(f.name, f.fields)
		}
		last.Features = append(last.Features, f.own)
	}
	return groups
}

// istioFeature sums up what is said of the fields. It panics when there is no such field: a mistake in the table above.
func istioFeature(name, fields string) Feature {
	out := Feature{Name: name, Fidelity: Exact}
	filter := false
	for field := range strings.FieldsSeq(fields) {
		if field == "filter" {
			filter = true
			continue
		}
		f := fieldOrFilter(field, filter)
		if worse(out.Fidelity, f.Fidelity) == f.Fidelity && f.Reason != "" {
			out.Reason = f.Reason
		}
		out.Fidelity = worse(out.Fidelity, f.Fidelity)
	}
	return out
}

func fieldOrFilter(name string, filter bool) Feature {
	if filter {
		return findHTTPFilter(name).rule.feature(name)
	}
	dot := strings.LastIndexByte(name, '.')
	f, ok := fieldFidelity(name[:dot], name[dot+1:])
	if !ok {
		panic(fmt.Sprintf("render: no table has the field %s", name))
	}
	return f
}
