package diff

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/amesh-render/amesh-render/render"
)

// findings are those that only one side has, in its order; none if one of the sides, or both, was rendered before.
func findings(old, new []render.Finding) Findings {
	if old == nil || new == nil {
		return Findings{New: []render.Finding{}, Gone: []render.Finding{}}
	}
	return Findings{New: without(new, old), Gone: without(old, new)}
}

// without are those of the list that the others have not, or not as often. The places of routes and endpoints in their
// lists are not compared: one more route before a route makes no new finding.
func without(list, others []render.Finding) []render.Finding {
	known := map[render.Finding]int{}
	for _, f := range others {
		known[placeless(f)]++
	}
	out := []render.Finding{}
	for _, f := range list {
		if known[placeless(f)]--; known[placeless(f)] < 0 {
			out = append(out, f)
		}
	}
	return out
}

var routePlace = regexp.MustCompile(` route/\d+`)

func placeless(f render.Finding) render.Finding {
	f.Resource, f.Field = routePlace.ReplaceAllString(f.Resource, " route"), ""
	return f
}

// finding is one cause, and where it is.
type finding struct {
	severity, message string
	resources         []string
}

// counted are the findings by cause, the worst first.
func counted(list []render.Finding) []finding {
	var out []finding
	at := map[[2]string]int{}
	for _, severity := range slices.Backward(render.Severities()) {
		for _, f := range list {
			if f.Severity != severity {
				continue
			}
			key := [2]string{string(f.Severity), f.Message}
			i, known := at[key]
			if !known {
				i = len(out)
				at[key] = i
				out = append(out, finding{severity: key[0], message: key[1]})
			}
			out[i].resources = append(out[i].resources, f.Resource)
		}
	}
	return out
}

// places names the first place, and counts the others.
func (f finding) places() string {
	if n := len(f.resources); n > 1 {
		return fmt.Sprintf("%s and %d more", f.resources[0], n-1)
	}
	return f.resources[0]
}
