package cmd

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/match"
)

// shownSteps is how many of the routes that were considered are shown without --all.
const shownSteps = 8

// route is the route that was taken, what it does, and what was tried before.
func (t *matchText) route(o *match.Outcome) {
	if r := o.Route; r != nil {
		id, isAPISIX := strings.CutPrefix(r.Path, "route/")
		switch {
		case !isAPISIX:
			t.field("route", printable.Line(strings.TrimSuffix(r.Path+" "+r.Name, " ")))
		case r.Name == "":
			t.field("route", printable.Line(id))
		default:
			t.field("route", printable.Line(r.Name))
			t.field(" ", t.dim("id "+printable.Line(id)))
		}
		if r.Source != "" {
			t.field("from", printable.Line(istioResource(r.Source)))
		}
	}
	for _, p := range o.Plugins {
		t.field("plugin", printable.Line(strings.TrimSuffix(p.Name+": "+p.Does, ": ")))
	}
	switch names := printable.Line(strings.Join(o.Unmodelled, ", ")); len(o.Unmodelled) {
	case 0:
	case 1:
		t.field("but", t.yellow(names+": what it does is not known, and it is taken to let the request pass"))
	default:
		t.field("but", t.yellow(names+": what they do is not known, and they are taken to let the request pass"))
	}
	t.steps(o)
}

// istioResource is an Istio resource in words: "virtual-service reviews in default".
func istioResource(pointer string) string {
	parts := strings.Split(pointer, "/")
	for i, p := range parts {
		if p == "namespaces" && i+3 < len(parts) {
			return parts[i+2] + " " + parts[i+3] + " in " + parts[i+1]
		}
	}
	return pointer
}

// steps are what was considered. Of routes that were not taken, the ones that came closest say most: those whose path and
// connection fit.
func (t *matchText) steps(o *match.Outcome) {
	var skipped []match.Step
	for _, s := range o.Steps {
		if !s.Taken && isRouteStep(s) {
			skipped = append(skipped, s)
		}
	}
	shown := skipped
	if !t.all {
		shown = slices.DeleteFunc(slices.Clone(skipped), elsewhere)
		if len(shown) > shownSteps {
			shown = slices.DeleteFunc(shown, farther)
			shown = shown[max(0, len(shown)-shownSteps+1):]
		}
	}
	name, width := "skipped", 0
	for _, s := range shown {
		width = max(width, utf8.RuneCountInString(stepName(s)))
	}
	for _, s := range shown {
		t.field(name, fmt.Sprintf("%-*s  %s", width, stepName(s), t.dim(printable.Line(lacking(s.Why)))))
		name = " "
	}
	if more := len(skipped) - len(shown); more > 0 {
		text := fmt.Sprintf("%d more (--all shows them)", more)
		if len(shown) == 0 {
			text = fmt.Sprintf("%d routes (--all shows them)", more)
		}
		t.field(name, t.dim(text))
	}
}

func isRouteStep(s match.Step) bool {
	return strings.HasPrefix(s.Path, "route/") || strings.Contains(s.Path, " route/")
}

// elsewhere says whether the route is for other connections; farther whether for other paths or other connections.
func elsewhere(s match.Step) bool {
	return begins(s.Why, "server_port ", "connection_original_dst ", "not connection_original_dst ")
}

func farther(s match.Step) bool { return elsewhere(s) || begins(s.Why, "path is not", "uri ") }

func begins(s string, with ...string) bool {
	return slices.ContainsFunc(with, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}

// stepName is what a route that was considered is called.
func stepName(s match.Step) string {
	name := s.Path
	if i := strings.LastIndex(name, " route/"); i >= 0 {
		name = strings.TrimSuffix(name[i+1:]+" "+s.Name, " ")
	} else if s.Name != "" {
		name = s.Name
	}
	return printable.Line(shortened(name, 60))
}

// lacking is why a route was not taken: what it needs, where the reason is a condition that does not hold.
func lacking(why string) string {
	if begins(why, "path is not", "uri is not", "method is not") {
		return why
	}
	return "needs " + why
}
