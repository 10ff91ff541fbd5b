package diff

import (
	"fmt"
	"io"
	"strings"

	"github.com/amesh-render/amesh-render/internal/printable"
)

// Style is how a terminal is told colours: the texts before each kind of line, and after it. The zero value is without.
type Style struct{ Heading, Added, Removed, Changed, Faint, Reset string }

// Terminal is a style for terminals that know ANSI's colours.
var Terminal = Style{
	Heading: "\x1b[1m", Added: "\x1b[32m", Removed: "\x1b[31m", Changed: "\x1b[33m", Faint: "\x1b[2m", Reset: "\x1b[0m",
}

// WriteText writes the report for people: nothing where nothing differs.
func (r *Report) WriteText(w io.Writer, s Style) error {
	p := &printer{style: s}
	for _, f := range r.Files {
		if f.Different || f.Traffic != nil && len(f.Traffic.Witnesses) > 0 {
			p.file(f, len(r.Files) > 1)
		}
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// How much of a list is shown before it is folded.
const (
	mostObjects = 12
	mostFields  = 8
	mostShown   = 4 // routes that change alike, endpoints
)

// printer writes the text form.
type printer struct {
	b     strings.Builder
	style Style
}

func (p *printer) line(style string, format string, args ...any) {
	text := strings.TrimRight(printable.Line(fmt.Sprintf(format, args...)), " ")
	if style == "" {
		p.b.WriteString(text)
	} else {
		p.b.WriteString(style + text + p.style.Reset)
	}
	p.b.WriteByte('\n')
}

// heading starts a part.
func (p *printer) heading(format string, args ...any) {
	p.b.WriteByte('\n')
	p.line(p.style.Heading, format, args...)
}

func (p *printer) file(f File, several bool) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	if several {
		p.line(p.style.Heading, "%s", f.title())
	}
	p.line(p.style.Heading, "%s", f.Summary())
	p.routes(f.Routes)
	p.upstreams(f.Upstreams)
	p.objects(f.Objects)
	p.findings(f.Findings)
	p.traffic(f.Traffic)
	if f.Labels > 0 {
		p.b.WriteByte('\n')
		p.line(p.style.Faint, "%s", f.labelsWords())
	}
}

func (p *printer) mark(k Kind) (style, mark string) {
	switch k {
	case Added:
		return p.style.Added, "+"
	case Removed:
		return p.style.Removed, "-"
	}
	return p.style.Changed, "~"
}

func (p *printer) objects(list []Object) {
	if len(list) == 0 {
		return
	}
	p.heading("Other objects")
	for i, o := range list {
		if i == mostObjects {
			p.line(p.style.Faint, "  … and %d more", len(list)-i)
			return
		}
		style, mark := p.mark(o.Change)
		p.line(style, "  %s %s/%s", mark, o.Section, o.ID)
		p.fields(o.Fields, "      ")
	}
}

func (p *printer) findings(f Findings) {
	for _, part := range []struct {
		title string
		list  []finding
	}{{"Lost from now on", counted(f.New)}, {"Lost no longer", counted(f.Gone)}} {
		if len(part.list) == 0 {
			continue
		}
		p.heading("%s", part.title)
		for i, one := range part.list {
			if i == mostObjects/2 {
				p.line(p.style.Faint, "  … and %d more", len(part.list)-i)
				break
			}
			p.line("", "  %-11s  %s", one.severity, cut(one.message))
			p.line(p.style.Faint, "               %s", one.places())
		}
	}
}
