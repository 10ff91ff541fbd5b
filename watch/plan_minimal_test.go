package watch

import "testing"

// Every document of three providers after every other takes the least number of commits by which APISIX never has users
// without their providers, as a search of all possibilities finds it.
func TestPlannerIsMinimal(t *testing.T) {
	all := consistentSets()
	for _, live := range all {
		for _, want := range all {
			var p Planner[doc]
			p.Resume(live.doc("A"))
			steps := commitAll(t, &p, want.doc("B"))
			if got, least := len(steps), fewest(live, want); got != least {
				t.Fatalf("from %v to %v: %d commits, want %d", live, want, got, least)
			}
			said := 1
			if want.names&^live.provides != 0 {
				said++
			}
			if live.names&^want.provides != 0 {
				said++
			}
			if len(steps) != said {
				t.Fatalf("from %v to %v: %d commits, documented are %d", live, want, len(steps), said)
			}
		}
	}
}

// sets are bit sets of up to three providers.
type sets struct{ names, provides int }

func consistentSets() (all []sets) {
	for provides := range 8 {
		for names := range 8 {
			if names&^provides == 0 {
				all = append(all, sets{names, provides})
			}
		}
	}
	return all
}

func (s sets) doc(users string) doc {
	d := doc{users: users, providers: map[string]int{}}
	for bit := range 3 {
		id := string(rune('x' + bit))
		if s.names&(1<<bit) != 0 {
			d.names = append(d.names, id)
		}
		if s.provides&(1<<bit) != 0 {
			d.providers[id] = 1
		}
	}
	return d
}

// fewest searches breadth first. A file has the users of live or of want, and any providers.
func fewest(live, want sets) int {
	type file struct {
		wants bool
		sets
	}
	front, seen := []file{{false, live}}, map[file]bool{}
	for n := 1; ; n++ {
		var reached []file
		for _, from := range front {
			for provides := range 8 {
				for _, to := range []file{{false, sets{live.names, provides}}, {true, sets{want.names, provides}}} {
					dangles := from.names&^to.provides | to.names&^from.provides | to.names&^to.provides
					if dangles != 0 || seen[to] {
						continue
					}
					if to == (file{true, want}) {
						return n
					}
					seen[to] = true
					reached = append(reached, to)
				}
			}
		}
		front = reached
	}
}
