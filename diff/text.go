package diff

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	text := strings.TrimRight(printable(fmt.Sprintf(format, args...)), " ")
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

// printable replaces what could play tricks on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
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
		p.line(p.style.Faint, "No request can notice that the ids, names or labels of %s differ.", plural(f.Labels, "other object"))
	}
}

// title says which files are compared.
func (f File) title() string {
	switch {
	case f.Old == "":
		return f.New + " (new)"
	case f.New == "":
		return f.Old + " (gone)"
	case f.Old == f.New:
		return f.New
	}
	return f.Old + " → " + f.New
}

// Summary counts what differs, in one line: "4 routes changed; 4 upstreams added, 4 removed".
func (f File) Summary() string {
	var parts []string
	add := func(noun string, kinds []Kind) {
		if words := countWords(noun, kinds); words != "" {
			parts = append(parts, words)
		}
	}
	add("route", kindsOf(f.Routes, func(r Route) Kind { return r.Change }))
	add("upstream", kindsOf(f.Upstreams, func(u Upstream) Kind { return u.Change }))
	add("other object", kindsOf(f.Objects, func(o Object) Kind { return o.Change }))
	if n := len(f.Findings.New); n > 0 {
		parts = append(parts, plural(n, "new finding"))
	}
	if n := len(f.Findings.Gone); n > 0 {
		parts = append(parts, plural(n, "finding")+" gone")
	}
	if len(parts) == 0 {
		return "nothing that a request can notice"
	}
	return strings.Join(parts, "; ")
}

func kindsOf[T any](list []T, kind func(T) Kind) []Kind {
	var out []Kind
	for _, x := range list {
		out = append(out, kind(x))
	}
	return out
}

// countWords is "4 routes changed, 1 added".
func countWords(noun string, kinds []Kind) string {
	var parts []string
	for _, kind := range []Kind{Changed, Added, Removed} {
		n := 0
		for _, k := range kinds {
			if k == kind {
				n++
			}
		}
		switch {
		case n == 0:
		case len(parts) == 0:
			parts = append(parts, plural(n, noun)+" "+string(kind))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
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

func (p *printer) routes(routes []Route) {
	if len(routes) == 0 {
		return
	}
	p.heading("Routes")
	for i, group := range alike(routes) {
		if i == mostObjects*2 {
			p.line(p.style.Faint, "  … and %s more (-o json has all)", plural(len(alike(routes))-i, "change"))
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
		if len(a.Fields) > 0 {
			p.line("", "      %s", a.Name)
			p.fields(a.Fields, "        ")
			continue
		}
		name := a.Name
		if a.Old != "" {
			p.line(p.style.Removed, "      %-*s  - %s", width, name, cut(a.Old))
			name = ""
		}
		if a.New != "" {
			p.line(p.style.Added, "      %-*s  + %s", width, name, cut(a.New))
		}
	}
}

func (p *printer) fields(list []Field, indent string) {
	for i, f := range list {
		if i == mostFields && len(list) > mostFields+1 {
			p.line(p.style.Faint, "%s… and %d more fields", indent, len(list)-i)
			return
		}
		p.line("", "%s%s: %s", indent, f.Path, cut(arrow(f.Old, f.New)))
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

// cut keeps a text to one line of a terminal, or two.
func cut(s string) string {
	const most = 200
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

func (p *printer) upstreams(list []Upstream) {
	if len(list) == 0 {
		return
	}
	p.heading("Upstreams")
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Upstream) int { return kindOrder(a.Change) - kindOrder(b.Change) })
	shown, width := map[Kind]int{}, 0
	for _, u := range list {
		width = max(width, min(utf8.RuneCountInString(u.Name), 70))
	}
	for _, u := range list {
		style, mark := p.mark(u.Change)
		if shown[u.Change]++; shown[u.Change] > mostObjects {
			continue
		}
		p.line(style, "  %s %-*s  %s", mark, width, u.Name, u.Endpoints.words(u.Change))
		p.endpoints(u.Endpoints)
		p.aspects(u.Aspects)
	}
	for _, kind := range []Kind{Changed, Added, Removed} {
		if more := shown[kind] - mostObjects; more > 0 {
			p.line(p.style.Faint, "  … and %d more %s", more, kind)
		}
	}
}

func kindOrder(k Kind) int { return slices.Index([]Kind{Changed, Added, Removed}, k) }

// words is "12 endpoints: +2 −1".
func (e Endpoints) words(k Kind) string {
	switch {
	case k == Removed:
		return plural(e.Old, "endpoint")
	case k == Added || len(e.Added)+len(e.Removed)+len(e.Changed) == 0 && e.Old == e.New:
		return plural(e.New, "endpoint")
	}
	var parts []string
	if n := len(e.Added); n > 0 {
		parts = append(parts, fmt.Sprintf("+%d", n))
	}
	if n := len(e.Removed); n > 0 {
		parts = append(parts, fmt.Sprintf("−%d", n))
	}
	if n := len(e.Changed); n > 0 {
		parts = append(parts, fmt.Sprintf("~%d", n))
	}
	words := strings.TrimSuffix(plural(e.New, "endpoint")+": "+strings.Join(parts, " "), ": ")
	if e.New == 0 {
		words += ", none left: 503"
	}
	return words
}

// endpoints lists a few of those that differ.
func (p *printer) endpoints(e Endpoints) {
	for _, part := range []struct {
		style, mark string
		list        []string
	}{{p.style.Added, "+", e.Added}, {p.style.Removed, "−", e.Removed}, {p.style.Changed, "~", e.Changed}} {
		if len(part.list) == 0 {
			continue
		}
		shown := part.list[:min(len(part.list), mostShown)]
		text := strings.Join(shown, ", ")
		if more := len(part.list) - len(shown); more > 0 {
			text += fmt.Sprintf(", … and %d more", more)
		}
		p.line(part.style, "      %s %s", part.mark, text)
	}
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

func (p *printer) traffic(t *Traffic) {
	if t == nil {
		return
	}
	p.heading("Traffic (%s)", t.words())
	list, same := t.apart()
	for i, w := range list {
		if i == mostObjects*2 {
			p.line(p.style.Faint, "  … and %d more (-o json has all)", len(list)-i)
			break
		}
		p.line("", "  %s", cut(w.Sentence()))
		if len(w.Old)+len(w.New) < 90 {
			p.line(p.style.Changed, "      %s", arrow(w.Old, w.New))
			continue
		}
		p.line(p.style.Removed, "      - %s", cut(w.Old))
		p.line(p.style.Added, "      + %s", cut(w.New))
	}
	if len(same) > 0 {
		p.line(p.style.Faint, "  by other clusters to the same endpoints: %s", sentences(same))
	}
	if n := len(t.Unreached); n > 0 {
		p.line(p.style.Faint, "  %s that differ were met by none of these: %s", plural(n, "route"),
			strings.Join(t.Unreached[:min(n, mostShown)], ", "))
	}
}

// apart are the witnesses that reach other endpoints, or fare differently at all, and those that reach the same ones.
func (t *Traffic) apart() (other, same []Witness) {
	for _, w := range t.Witnesses {
		if w.SameEndpoints {
			same = append(same, w)
		} else {
			other = append(other, w)
		}
	}
	return other, same
}

// sentences are a few of the witnesses in one line.
func sentences(list []Witness) string {
	var parts []string
	for _, w := range list[:min(len(list), mostShown)] {
		parts = append(parts, w.Sentence())
	}
	if more := len(list) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("… and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// words say how far the search went.
func (t *Traffic) words() string {
	words := plural(t.Requests, "request") + " tried"
	if len(t.Witnesses) == 0 {
		words += ", none fares differently"
	}
	if t.Undecided > 0 {
		words += fmt.Sprintf(", %d undecided", t.Undecided)
	}
	return words
}
