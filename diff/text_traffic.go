package diff

import (
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/internal/printable"
)

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
		old, new := cutPair(w.Old, w.New)
		p.line(p.style.Removed, "      - %s", old)
		p.line(p.style.Added, "      + %s", new)
	}
	if len(same) > 0 {
		p.line(p.style.Faint, "  by other clusters to the same endpoints: %s", sentences(same))
	}
	if n := len(t.Unreached); n > 0 {
		p.line(p.style.Faint, "  %s that differ were met by none of these: %s", printable.Count(n, "route"),
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
	words := printable.Count(t.Requests, "request") + " tried"
	if len(t.Witnesses) == 0 {
		words += ", none fares differently"
	}
	if t.Undecided > 0 {
		words += fmt.Sprintf(", %d undecided", t.Undecided)
	}
	return words
}
