package diff

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/amesh-render/amesh-render/internal/printable"
)

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
		return printable.Count(e.Old, "endpoint")
	case k == Added || len(e.Added)+len(e.Removed)+len(e.Changed) == 0 && e.Old == e.New:
		return printable.Count(e.New, "endpoint")
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
	words := strings.TrimSuffix(printable.Count(e.New, "endpoint")+": "+strings.Join(parts, " "), ": ")
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
