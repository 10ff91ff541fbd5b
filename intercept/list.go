package intercept

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// A List is entries. What this package returns has each once, from the narrowest to the widest.
type List []Entry

// Sorted is the list with each entry once, from the narrowest to the widest.
func (l List) Sorted() List { return join(l) }

// Parse reads entries that are separated by commas, with or without blanks around them. An empty text is an empty list.
func Parse(text string) (List, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var l List
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("%q: an entry between commas is empty", text)
		}
		e, err := ParseEntry(part)
		if err != nil {
			return nil, err
		}
		l = append(l, e)
	}
	return join(l), nil
}

// String is the list as Parse reads it, in its own order.
func (l List) String() string {
	texts := make([]string, len(l))
	for i, e := range l {
		texts[i] = e.String()
	}
	return strings.Join(texts, ",")
}

// join is a list of the entries of several.
func join(lists ...List) List {
	l := slices.Concat(lists...)
	slices.SortFunc(l, Entry.compare)
	return slices.Compact(l)
}

// narrowest is the narrowest entry that a destination is in; it is not ok if there is none.
func (l List) narrowest(dst netip.AddrPort) (narrowest Entry, ok bool) {
	for _, e := range l {
		if e.Contains(dst) && (!ok || e.compare(narrowest) < 0) {
			narrowest, ok = e, true
		}
	}
	return narrowest, ok
}

// without is the list without what an entry of p covers.
func (l List) without(p Ports) List {
	return slices.DeleteFunc(slices.Clone(l), func(e Entry) bool {
		covers := func(other Entry) bool { return other.covers(e) }
		return slices.ContainsFunc(p.HTTP, covers) || slices.ContainsFunc(p.TCP, covers)
	})
}
