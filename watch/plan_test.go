package watch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// doc is a Document whose users are a name for it, and whose providers have numbers as their content.
type doc struct {
	users     string
	names     []string
	providers map[string]int
}

func (d doc) has(id string) bool { _, ok := d.providers[id]; return ok }

// Lacks implements Document, as Names and With do.
func (d doc) Lacks(other doc) (ids []string) {
	for id := range other.providers {
		if !d.has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (d doc) Names(ids []string) (names []string) {
	for _, id := range ids {
		if d.has(id) && slices.Contains(d.names, id) {
			names = append(names, id)
		}
	}
	return names
}

func (d doc) With(want doc, ids []string, live doc) doc {
	providers := maps.Clone(want.providers)
	for _, id := range ids {
		providers[id] = live.providers[id]
	}
	return doc{d.users, d.names, providers}
}

// parseDoc reads "users: names | providers", as in "A: x y | x=1 y=2 z=1".
func parseDoc(text string) doc {
	users, rest, _ := strings.Cut(text, ":")
	names, providers, _ := strings.Cut(rest, "|")
	d := doc{users: users, names: strings.Fields(names), providers: map[string]int{}}
	for _, field := range strings.Fields(providers) {
		var content int
		id, number, _ := strings.Cut(field, "=")
		fmt.Sscan(number, &content)
		d.providers[id] = content
	}
	return d
}

// show writes the users of a document and its providers.
func show(d doc) string {
	text := d.users + " |"
	for _, id := range slices.Sorted(maps.Keys(d.providers)) {
		text += fmt.Sprintf(" %s=%d", id, d.providers[id])
	}
	return text
}

// commitAll commits the document and the further steps that it takes, and returns what is written.
func commitAll(t *testing.T, p *Planner[doc], want doc) (steps []doc) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = p.Commit(want, func(d doc) error {
			steps = append(steps, d)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) > 3 {
			t.Fatalf("no end to it: %v", steps)
		}
	}
	return steps
}

func TestPlanner(t *testing.T) {
	tests := []struct {
		name  string
		live  string // "" means that there is no file
		want  string
		steps []string
	}{
		{"no file", "", "B: x | x=1", []string{"B | x=1"}},
		{"the same", "A: x | x=1", "A: x | x=1", []string{"A | x=1"}},
		{"other users, same providers", "A: x | x=1 y=1", "B: y | x=1 y=1", []string{"B | x=1 y=1"}},
		{"a provider changes", "A: x | x=1", "B: x | x=2", []string{"B | x=2"}},
		{"a new one", "A: x | x=1", "B: x y | x=1 y=1", []string{"A | x=1 y=1", "B | x=1 y=1"}},
		{"one goes", "A: x y | x=1 y=1", "B: x | x=1", []string{"B | x=1 y=1", "B | x=1"}},
		{"one goes that nobody named", "A: x | x=1 y=1", "B: x | x=1", []string{"B | x=1"}},
		{"a new one that nobody names", "A: x | x=1", "B: x | x=1 y=1", []string{"B | x=1 y=1"}},
		{"one for another", "A: x | x=1", "B: y | y=1", []string{"A | x=1 y=1", "B | x=1 y=1", "B | y=1"}},
		{"and a change as soon as may be", "A: x z | x=1 z=1", "B: y z | y=1 z=2",
			[]string{"A | x=1 y=1 z=2", "B | x=1 y=1 z=2", "B | y=1 z=2"}},
		{"leftovers go first", "A: x | x=1 z=1", "B: x y | x=1 y=1", []string{"A | x=1 y=1", "B | x=1 y=1"}},
		{"leftovers are used again", "A: x | x=1 z=1", "B: z | z=2", []string{"B | x=1 z=2", "B | z=2"}},
		{"from users that name nothing", "A: |", "B: x | x=1", []string{"A | x=1", "B | x=1"}},
		{"to nothing", "A: x | x=1", "B: |", []string{"B | x=1", "B |"}},
		{"a name that dangles", "A: x | x=1", "B: x y | x=1", []string{"B | x=1"}},
		{"a name that comes to dangle", "A: x | x=1", "B: x |", []string{"B | x=1", "B |"}},
		{"a name that dangled", "A: x |", "B: |", []string{"B |"}},
		{"a name that no longer dangles", "A: x |", "B: x | x=1", []string{"A | x=1", "B | x=1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Planner[doc]
			if tt.live != "" {
				p.Resume(parseDoc(tt.live))
			}
			var got []string
			for _, d := range commitAll(t, &p, parseDoc(tt.want)) {
				got = append(got, show(d))
			}
			if !slices.Equal(got, tt.steps) {
				t.Errorf("got %q, want %q", got, tt.steps)
			}
		})
	}
}

// Documents that come faster than they can be committed in full hold up neither each other nor themselves.
func TestPlannerIsNeverMoreThanOneBehind(t *testing.T) {
	var p Planner[doc]
	p.Resume(parseDoc("A: a | a=1"))
	var got []string
	for _, text := range []string{"B: b | b=1", "C: c | c=1", "D: d | d=1", "E: d | d=2"} {
		more, err := p.Commit(parseDoc(text), func(d doc) error { got = append(got, show(d)); return nil })
		if err != nil || !more {
			t.Fatalf("%s: more %v, error %v", text, more, err)
		}
	}
	want := []string{"A | a=1 b=1", "B | a=1 b=1 c=1", "C | b=1 c=1 d=1", "E | c=1 d=2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlannerAfterAFailedWrite(t *testing.T) {
	var p Planner[doc]
	p.Resume(parseDoc("A: a | a=1"))
	failure := errors.New("disk full")
	for _, text := range []string{"B: b | b=1", "C: c | c=1"} {
		if _, err := p.Commit(parseDoc(text), func(doc) error { return failure }); err != failure {
			t.Fatalf("got error %v, want %v", err, failure)
		}
	}
	steps := commitAll(t, &p, parseDoc("D: d | d=1"))
	if got := show(steps[0]); got != "A | a=1 d=1" || len(steps) != 3 {
		t.Errorf("got %q and %d steps; want that nothing is left of what was not written, and 3", got, len(steps))
	}
}
