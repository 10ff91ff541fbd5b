package diff

import (
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/internal/printable"
)

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
		parts = append(parts, printable.Count(n, "new finding"))
	}
	if n := len(f.Findings.Gone); n > 0 {
		parts = append(parts, printable.Count(n, "finding")+" gone")
	}
	if len(parts) == 0 {
		return "nothing that a request can notice"
	}
	return strings.Join(parts, "; ")
}

// labelsWords tells of what no request can notice.
func (f File) labelsWords() string {
	return fmt.Sprintf("No request can notice that the ids, names or labels of %s differ.", printable.Count(f.Labels, "other object"))
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
			parts = append(parts, printable.Count(n, noun)+" "+string(kind))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return strings.Join(parts, ", ")
}
