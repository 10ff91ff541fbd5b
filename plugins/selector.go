package plugins

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Selector chooses pods by their labels, as Kubernetes' LabelSelector: all of its requirements must hold.
type Selector struct{ requirements []requirement }

// requirement is one condition on a label.
type requirement struct {
	key      string
	operator string // In, NotIn, Exists or DoesNotExist
	values   []string
}

// operators are those of matchExpressions, and whether values go with them.
var operators = map[string]bool{"In": true, "NotIn": true, "Exists": false, "DoesNotExist": false}

// selector reads spec.selector: a LabelSelector, or labels themselves as a Service has them.
func (r *reader) selector(spec *object) *Selector {
	o := spec.child("selector")
	if o == nil {
		return nil
	}
	s := &Selector{}
	for i, n := range o.list("matchExpressions") {
		s.requirements = append(s.requirements, r.requirement(r.object(n, fmt.Sprintf("%s.matchExpressions[%d]", o.path, i))))
	}
	if labels := o.child("matchLabels"); labels != nil {
		s.labels(labels)
	}
	s.labels(o)
	return s
}

// labels adds the fields of an object that nobody has asked for as labels that pods must have.
func (s *Selector) labels(o *object) {
	for _, p := range o.pairs {
		if o.known[p.key] {
			continue
		}
		n := resolve(p.value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			o.fail(n, p.key, "is %s, not a string: the value of a label is one", describe(n))
			return
		}
		s.requirements = append(s.requirements, requirement{p.key, "In", []string{n.Value}})
	}
}

func (r *reader) requirement(o *object) requirement {
	q := requirement{key: o.text("key"), operator: o.text("operator"), values: o.texts("values")}
	valued, known := operators[q.operator]
	switch {
	case r.err != nil:
	case q.key == "":
		r.fail(failAt(o.node, o.path+".key", "is missing"))
	case !known:
		r.fail(failAt(o.node, o.path+".operator", "is %q: it is In, NotIn, Exists or DoesNotExist", q.operator))
	case valued != (len(q.values) > 0):
		r.fail(failAt(o.node, o.path+".values", "In and NotIn have values, Exists and DoesNotExist have none"))
	}
	o.rest()
	return q
}

// Matches reports whether the selector, which may be nil, chooses a pod with these labels.
func (s *Selector) Matches(labels map[string]string) bool {
	return s == nil || !slices.ContainsFunc(s.requirements, func(q requirement) bool { return !q.holds(labels) })
}

func (q requirement) holds(labels map[string]string) bool {
	value, has := labels[q.key]
	switch q.operator {
	case "In":
		return has && slices.Contains(q.values, value)
	case "NotIn":
		return !has || !slices.Contains(q.values, value)
	case "Exists":
		return has
	}
	return !has
}

// String is the selector as kubectl writes it: "app=a,version in (v1,v2),!canary".
func (s *Selector) String() string {
	var parts []string
	for _, q := range s.requirements {
		switch {
		case q.operator == "Exists":
			parts = append(parts, q.key)
		case q.operator == "DoesNotExist":
			parts = append(parts, "!"+q.key)
		case q.operator == "In" && len(q.values) == 1:
			parts = append(parts, q.key+"="+q.values[0])
		default:
			parts = append(parts, fmt.Sprintf("%s %s (%s)", q.key, strings.ToLower(q.operator), strings.Join(q.values, ",")))
		}
	}
	return strings.Join(parts, ",")
}
