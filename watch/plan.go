package watch

// Document is a content of the file as far as references go: users, and providers that they name by id. Of APISIX's
// objects, routes are users and upstreams providers. A provider that has changed under its id is still the same one to
// whoever names it. D is the type that implements it.
//
// A planner asks what differs first, and of that alone what names it: where the ids of two documents are the same, no
// document is looked through for names.
type Document[D any] interface {
	// Lacks lists the ids of the providers that other has and this document has not.
	Lacks(other D) []string
	// Names lists those of the ids that the document's users name and its own providers have. Ids that a document names but
	// does not provide are disregarded, as no order of writing helps those.
	Names(ids []string) []string
	// With returns the users of this document with the providers of want and those that live has under the ids. Want has none
	// of the ids; one may be there twice.
	With(want D, ids []string, live D) D
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
// The zero value is for a file that is missing, or that nobody uses: its first document is written as it is. Documents
// must not be modified once they are given to a planner.
type Planner[D Document[D]] struct {
	state *state[D] // nil if there is nothing in the file
}

// state is what a Planner knows of the file.
type state[D any] struct {
	live  D // what is in the file
	users D // the document whose users those are
	last  D // the document on the way to which that is a step; its providers are all in the file
}

// Resume tells the planner what is in the file, at a restart.
func (p *Planner[D]) Resume(live D) { p.state = &state[D]{live, live, live} }

// Commit has the next step on the way to the document written, and reports whether there are more; for those, call it
// again once every reader has seen this one. An error of write is returned as it is, and means that the file has not
// changed.
func (p *Planner[D]) Commit(want D, write func(D) error) (more bool, err error) {
	next, users := want, want
	if p.state != nil {
		next, users, more = step(p.state, want)
	}
	if err := write(next); err != nil {
		return false, err
	}
	p.state = &state[D]{next, users, want}
	return more, nil
}

// step returns the document to write after the live one. Its users are those of want if the live one has all that they
// name, otherwise those of the last, for which that is so. Its providers are those of want, and what else its users or
// those of the live one name.
func step[D Document[D]](s *state[D], want D) (next, users D, more bool) {
	users = want
	if len(want.Names(s.live.Lacks(want))) > 0 {
		users, more = s.last, true
	}
	gone := want.Lacks(s.live)
	kept := append(s.users.Names(gone), users.Names(gone)...)
	if !more && len(kept) == 0 {
		return want, want, false
	}
	return users.With(want, kept, s.live), users, true
}
