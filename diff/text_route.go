package diff

import (
	"fmt"

	"github.com/amesh-render/amesh-render/internal/printable"
)

func (p *printer) routes(routes []Route) {
	if len(routes) == 0 {
		return
	}
	p.heading("Routes")
	for i, group := range alike(routes) {
		if i == mostObjects*2 {
			p.line(p.style.Faint, "  … and %s more (-o json has all)", printable.Count(len(alike(routes))-i, "change"))
			return
		}
		p.routeGroup(group)
	}
}

// alike groups the routes that change in the same way.
func alike(routes []Route) [][]Route {
	var out [][]Route
	at := map[string]int{}
	for _, r := range routes {
		key := string(r.Change) + fmt.Sprintf("%q", r.Aspects)
		if r.Change != Changed {
			key += r.ID
		}
		if i, known := at[key]; known {
			out[i] = append(out[i], r)
			continue
		}
		at[key] = len(out)
		out = append(out, []Route{r})
	}
	return out
}

func (p *printer) routeGroup(group []Route) {
	r := group[0]
	style, mark := p.mark(r.Change)
	for i, one := range group {
		if i == mostShown && len(group) > mostShown+1 {
			p.line(style, "  %s … and %d more routes", mark, len(group)-i)
			break
		}
		p.line(style, "  %s %s%s", mark, one.Name, p.matches(one))
	}
	if r.Does != "" {
		p.line("", "      %s", cut(r.Does))
	}
	p.aspects(r.Aspects)
}

// matches is what a route matches, where its name does not say it.
func (p *printer) matches(r Route) string {
	if r.Match == "/*" || r.Match == "" {
		return ""
	}
	return "  " + cut(r.Match)
}

// aspects are shown with what was on a line of its own above what is, which lets the eye compare.
func (p *printer) aspects(list []Aspect) {
	width := 0
	for _, a := range list {
		width = max(width, min(len(a.Name), 24))
	}
	for _, a := range list {
		old, new := cutPair(a.Old, a.New)
		if len(a.Fields) > 0 {
			p.line("", "      %s", a.Name)
			p.fields(a.Fields, "        ")
			continue
		}
		name := a.Name
		if a.Old != "" {
			p.line(p.style.Removed, "      %-*s  - %s", width, name, old)
			name = ""
		}
		if a.New != "" {
			p.line(p.style.Added, "      %-*s  + %s", width, name, new)
		}
	}
}

func (p *printer) fields(list []Field, indent string) {
	for i, f := range list {
		if i == mostFields && len(list) > mostFields+1 {
			p.line(p.style.Faint, "%s… and %d more fields", indent, len(list)-i)
			return
		}
		p.line("", "%s%s: %s", indent, f.Path, arrow(cutPair(f.Old, f.New)))
	}
}

// arrow is old → new, with "none" for what is not there.
func arrow(old, new string) string {
	if old == "" {
		old = "none"
	}
	if new == "" {
		new = "none"
	}
	return old + " → " + new
}
