package watch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// Whatever documents come, at whatever time, and whichever writes fail: in neither order of taking over a file does
// APISIX have users without a provider that their document has; and the last document is what there is in the end.
func TestPlannerNeverDangles(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	commits := 0
	for range 3_000 {
		s := sequence{t: t, docs: map[string]doc{}}
		s.live = s.add(random)
		s.planner.Resume(s.live)
		want := s.live
		for range 12 {
			if random.IntN(3) > 0 {
				want = s.add(random)
			}
			s.commit(want, random.IntN(5) == 0)
		}
		for s.commit(want, false) {
		}
		if got := show(s.live); got != show(want) {
			t.Fatalf("the file ends as %q, want %q", got, show(want))
		}
		commits += s.commits
	}
	t.Logf("%d commits", commits)
}

type sequence struct {
	t       *testing.T
	planner Planner[doc]
	docs    map[string]doc // by users
	live    doc            // what is in the file
	commits int
}

// add makes up a document of six possible providers. Some of its names dangle.
func (s *sequence) add(random *rand.Rand) doc {
	d := doc{users: fmt.Sprintf("D%d", len(s.docs)), providers: map[string]int{}}
	for i := range 6 {
		id := string(rune('u' + i))
		if random.IntN(2) == 0 {
			d.providers[id] = random.IntN(3)
		}
		if _, provided := d.providers[id]; random.IntN(2) == 0 && (provided || random.IntN(10) == 0) {
			d.names = append(d.names, id)
		}
	}
	s.docs[d.users] = d
	return d
}

func (s *sequence) commit(want doc, fail bool) (more bool) {
	failure := errors.New("disk full")
	more, err := s.planner.Commit(want, func(next doc) error {
		if fail {
			return failure
		}
		s.check(s.live, next)
		s.check(next, s.live)
		s.check(next, next)
		for id, content := range want.providers {
			if next.providers[id] != content {
				s.t.Fatalf("%q has an old %q, want that of %q", show(next), id, show(want))
			}
		}
		s.live = next
		s.commits++
		return nil
	})
	if fail != (err != nil) {
		s.t.Fatalf("got error %v, want one: %v", err, fail)
	}
	return more
}

// check fails if the users of one file lack a provider in the other which their own document has.
func (s *sequence) check(users, providers doc) {
	origin := s.docs[users.users]
	for _, id := range origin.names {
		_, provided := origin.providers[id]
		if _, ok := providers.providers[id]; provided && !ok {
			s.t.Fatalf("the users of %q name %q, which %q lacks", show(users), id, show(providers))
		}
	}
}
