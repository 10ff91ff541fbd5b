package diff

import (
	"fmt"
	"io"
	"strings"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/render"
)

// maxMarkdown is how long the markdown form may be: GitHub takes comments of up to 65,536 characters.
const maxMarkdown = 60_000

// WriteMarkdown writes the report as the text of a comment on a pull request: what changes for traffic first, details
// folded. It is cut where it would be too long for a comment. Where nothing differs, it says so.
func (r *Report) WriteMarkdown(w io.Writer) error {
	m := &markdown{}
	m.line("### Traffic")
	if !r.Different {
		m.line("")
		m.line("Nothing changes.")
	}
	for _, f := range r.Files {
		if f.Different {
			m.file(f, len(r.Files) > 1)
		}
	}
	_, err := io.WriteString(w, m.b.String())
	return err
}

// markdown writes the form. Once it is full it writes nothing but the ends of what is open.
type markdown struct {
	b    strings.Builder
	full bool
}

func (m *markdown) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case m.full:
	case m.b.Len()+len(text) > maxMarkdown:
		m.full = true
		m.b.WriteString("\n\n… and more: it is too long for a comment.\n")
	default:
		m.b.WriteString(text + "\n")
	}
}

// folded writes a part that the reader has to open.
func (m *markdown) folded(summary string, body func()) {
	if m.full {
		return
	}
	m.line("\n<details><summary>%s</summary>\n", summary)
	body()
	if m.full {
		m.b.WriteString("\n</details>\n")
		return
	}
	m.line("\n</details>")
}

func (m *markdown) file(f File, several bool) {
	if several {
		m.line("\n#### %s", code(f.title()))
	}
	m.line("\n**%s**", f.Summary())
	m.witnesses(f.Traffic)
	m.routes(f.Routes)
	m.upstreams(f.Upstreams)
	m.objects(f.Objects)
	m.findings("lost from now on", f.Findings.New)
	m.findings("lost no longer", f.Findings.Gone)
	if f.Labels > 0 {
		m.line("\n<sub>%s</sub>", f.labelsWords())
	}
}

// code is a text that means nothing to markdown, on one line.
func code(s string) string {
	s = printable.Line(strings.ReplaceAll(s, "\n", " "))
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is code in a table, where "|" ends a cell even there.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

func (m *markdown) witnesses(t *Traffic) {
	if t == nil || len(t.Witnesses) == 0 {
		return
	}
	list, same := t.apart()
	if len(list) > 0 {
		m.line("\n| request | before | after |\n| --- | --- | --- |")
	}
	for i, w := range list {
		if i == mostObjects*2 {
			m.line("| … and %d more | | |", len(list)-i)
			break
		}
		old, new := cutPair(w.Old, w.New)
		m.line("| %s | %s | %s |", cell(cut(w.Sentence())), cell(old), cell(new))
	}
	m.line("\n<sub>%s.</sub>", t.words())
	if len(same) > 0 {
		m.folded(printable.Count(len(same), "request")+" to the same endpoints by other clusters", func() {
			for _, w := range same {
				m.line("- %s: %s", code(w.Sentence()), change(w.Old, w.New))
			}
		})
	}
}

func (m *markdown) routes(routes []Route) {
	if len(routes) == 0 {
		return
	}
	m.folded(countWords("route", kindsOf(routes, func(r Route) Kind { return r.Change })), func() {
		for _, group := range alike(routes) {
			m.routeGroup(group)
		}
	})
}

func (m *markdown) routeGroup(group []Route) {
	r := group[0]
	var names []string
	for _, one := range group[:min(len(group), mostShown)] {
		names = append(names, code(one.Name))
	}
	if more := len(group) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	m.line("- %s %s", r.Change, strings.Join(names, ", "))
	if r.Match != "" && r.Match != "/*" {
		m.line("  - matches %s", code(cut(r.Match)))
	}
	if r.Does != "" {
		m.line("  - %s", code(cut(r.Does)))
	}
	m.aspects(r.Aspects)
}

func (m *markdown) aspects(list []Aspect) {
	for _, a := range list {
		if len(a.Fields) == 0 {
			m.line("  - %s: %s", code(a.Name), change(a.Old, a.New))
			continue
		}
		m.line("  - %s", code(a.Name))
		m.fields(a.Fields, "    ")
	}
}

func (m *markdown) fields(list []Field, indent string) {
	for i, f := range list {
		if i == mostFields && len(list) > mostFields+1 {
			m.line("%s- … and %d more fields", indent, len(list)-i)
			return
		}
		m.line("%s- %s: %s", indent, code(f.Path), change(f.Old, f.New))
	}
}

func change(old, new string) string {
	words := func(s string) string {
		if s == "" {
			return "none"
		}
		return code(s)
	}
	old, new = cutPair(old, new)
	return words(old) + " → " + words(new)
}

func (m *markdown) upstreams(list []Upstream) {
	if len(list) == 0 {
		return
	}
	m.folded(countWords("upstream", kindsOf(list, func(u Upstream) Kind { return u.Change })), func() {
		for _, u := range list {
			m.line("- %s %s, %s", u.Change, code(u.Name), u.Endpoints.words(u.Change))
			for _, part := range []struct {
				mark string
				list []string
			}{{"+", u.Endpoints.Added}, {"−", u.Endpoints.Removed}, {"~", u.Endpoints.Changed}} {
				if len(part.list) > 0 {
					m.line("  - %s %s", part.mark, code(cut(strings.Join(part.list, ", "))))
				}
			}
			m.aspects(u.Aspects)
		}
	})
}

func (m *markdown) objects(list []Object) {
	if len(list) == 0 {
		return
	}
	m.folded(countWords("other object", kindsOf(list, func(o Object) Kind { return o.Change })), func() {
		for _, o := range list {
			m.line("- %s %s", o.Change, code(o.Section+"/"+o.ID))
			m.fields(o.Fields, "  ")
		}
	})
}

func (m *markdown) findings(title string, list []render.Finding) {
	if len(list) == 0 {
		return
	}
	m.folded(printable.Count(len(list), "finding")+" "+title, func() {
		for _, one := range counted(list) {
			m.line("- **%s** %s — %s", one.severity, code(one.message), code(one.places()))
		}
	})
}
