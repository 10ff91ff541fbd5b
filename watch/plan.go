package watch

import (
	"maps"
	"slices"
)

// Document is a content of the file as far as references go: users, and providers that they name by id. Of APISIX's
// objects, routes are users and upstreams providers.
type Document[U, P any] struct {
	// Users is the part of the document that names providers, and all else that has to change with it.
	Users U
	// Names are the ids of the providers that Users names, in any order and any number of times.
	Names []string
	// Providers are by id. One that has changed under its id is still the same one to whoever names it.
	Providers map[string]P
}

// Planner makes before it breaks. APISIX takes over users and providers of a new file in either order, up to 100 ms
// apart, so meanwhile it has the users of one file and the providers of the other. The planner sees to it that of no
// two files in a row the users of one name providers that the other lacks: providers come a commit before their first
// users, and go a commit after their last.
//
// From one document to the next it takes one commit, one more before it if the next one's users name providers that the
// file lacks, and one more after it if the file's users name providers that the next one lacks. Fewer are not possible.
// A document that comes in between takes the place of the one under way, as far as its users can be served; where they
// cannot yet, the users of the document before are written with its providers, so that users are never more than one
// document behind, however fast new ones come.
//
// Ids that a document names but does not provide are disregarded. The zero value is for a file that is missing, or
// that nobody uses: its first document is written as it is. Documents are not modified and must not be afterwards.
type Planner[U, P any] struct {
	live *Document[U, P] // what is in the file; nil if nothing
	last *Document[U, P] // the document of which that is a step; its providers are all in the file
}

// Resume tells the planner what is in the file, at a restart.
func (p *Planner[U, P]) Resume(live Document[U, P]) {
	live.Names = live.provided()
	p.live, p.last = &live, &live
}

// Commit has the next step on the way to the document written, and reports whether there are more; for those, call it
// again once every reader has seen this one. An error of write is returned as it is, and means that the file has not
// changed.
func (p *Planner[U, P]) Commit(want Document[U, P], write func(Document[U, P]) error) (more bool, err error) {
	want.Names = want.provided()
	next := want
	if p.live != nil {
		next, more = step(*p.live, *p.last, want)
	}
	if err := write(next); err != nil {
		return false, err
	}
	p.live, p.last = &next, &want
	return more, nil
}

// step returns the document to write after live. Its users are those of want if live has all that they name, otherwise
// those of last, for which that is so. Its providers are those of want, and what else its users or those of live name.
func step[U, P any](live, last, want Document[U, P]) (next Document[U, P], more bool) {
	next = want
	if !live.hasAll(want.Names) {
		next.Users, next.Names = last.Users, last.Names
		more = true
	}
	extra := map[string]P{}
	for _, names := range [][]string{live.Names, next.Names} {
		for _, id := range names {
			if _, ok := want.Providers[id]; !ok {
				extra[id] = live.Providers[id]
			}
		}
	}
	if len(extra) == 0 {
		return next, more
	}
	maps.Copy(extra, want.Providers)
	next.Providers = extra
	return next, true
}

func (d Document[U, P]) hasAll(ids []string) bool {
	for _, id := range ids {
		if _, ok := d.Providers[id]; !ok {
			return false
		}
	}
	return true
}

// provided returns the names without those that dangle in the document itself, which no order of writing helps.
func (d Document[U, P]) provided() []string {
	if d.hasAll(d.Names) {
		return d.Names
	}
	return slices.DeleteFunc(slices.Clone(d.Names), func(id string) bool { return !d.hasAll([]string{id}) })
}
