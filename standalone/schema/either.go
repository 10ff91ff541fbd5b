package schema

import (
	"slices"
	"strings"
)

// either is what fits one of several shapes. Of one that does not the faults of the shape named first are told whose
// type is right.
type either []Shape

func (s either) noun() string {
	var nouns []string
	for _, one := range s {
		if n := one.noun(); !slices.Contains(nouns, n) {
			nouns = append(nouns, n)
		}
	}
	return strings.Join(nouns, " or ")
}

func (s either) check(c *checker, v any) {
	var best []Fault
	for _, one := range s {
		var faults []Fault
		for _, f := range check(one, v) {
			if !f.Ignored {
				faults = append(faults, f)
			}
		}
		if len(faults) == 0 {
			return
		}
		if mistyped := faults[0].Path == "" && strings.HasPrefix(faults[0].Message, "is "+what(v)+", not "); !mistyped && best == nil {
			best = faults
		}
	}
	if best == nil {
		wrong(c, s, v)
		return
	}
	for _, f := range best {
		if c.path != "" && f.Path != "" && !strings.HasPrefix(f.Path, "[") {
			f.Path = "." + f.Path
		}
		f.Path = c.path + f.Path
		c.faults = append(c.faults, f)
	}
}
