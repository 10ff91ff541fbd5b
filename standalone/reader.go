package standalone

import (
	"cmp"
	"fmt"
	"slices"
)

// reader reads one file.
type reader struct {
	file *File
	env  bool // the text has substitutions

	slashes, marks bool // see forYAML
}

func (r *reader) add(p Problem) { r.file.Problems = append(r.file.Problems, p) }

// Limits on what is read, which keep a hostile file from taking all memory.
const (
	// maxDepth is how deep values may nest; cjson, which reads apisix.json, has the same limit.
	maxDepth = 1000
	// maxAliased is how many values there may be in addition when each alias is what it stands for.
	maxAliased = 1 << 22
)

func (r *reader) read(text []byte) *SyntaxError {
	root, err := r.parse(text)
	if err != nil {
		return err
	}
	r.file.root = root
	r.sections(root)
	r.name()
	r.file.Problems = SortProblems(r.file.Problems)
	return nil
}

func (r *reader) parse(text []byte) (*Node, *SyntaxError) {
	if r.file.JSON {
		p := jsonParser{text: text, reader: r}
		return p.document()
	}
	r.checkEnd(text)
	text = r.substitute(text)
	if err := checkCharacters(text); err != nil {
		return nil, err
	}
	if root := r.parseLines(text); root != nil {
		return root, nil
	}
	return r.parseYAML(text)
}

// sections divides the document.
func (r *reader) sections(root *Node) {
	if root.Kind != Map {
		message := fmt.Sprintf("the file holds %s, not a map of sections such as routes", root.Kind)
		if root.Kind == Null {
			message = "the file is empty: APISIX keeps the configuration that it has"
		}
		r.add(Problem{Line: root.Line, Column: root.Column, Level: Error, Message: message})
		return
	}
	for _, e := range root.Shadowed {
		r.add(Problem{Line: e.Key.Line, Column: e.Key.Column, Level: Error,
			Message: fmt.Sprintf("there is another section %s below: APISIX takes the last", e.Name())})
	}
	for _, e := range root.Entries {
		s := Section{Name: e.Name(), Key: e.Key}
		r.section(&s, e.Value)
		r.file.Sections = append(r.file.Sections, s)
	}
}

// section reads the list of one section. APISIX takes everything else for an empty list, and says nothing.
func (r *reader) section(s *Section, list *Node) {
	if !isSection(s.Name) {
		r.add(Problem{Line: s.Key.Line, Column: s.Key.Column, Level: Warning,
			Message: fmt.Sprintf("APISIX knows no section %.60q, and ignores it", s.Name)})
		return
	}
	if list.Kind != List {
		level, message := Error, fmt.Sprintf("%s is %s, not a list: APISIX takes it for empty", s.Name, list.Kind)
		if list.Kind == Map && len(list.Entries) == 0 {
			return // for Lua a list is a map
		}
		if list.Kind == Null {
			level, message = Warning, s.Name+" has no value: APISIX takes it for empty"
		}
		r.add(Problem{Line: list.Line, Column: list.Column, Level: level, Message: message})
		return
	}
	s.Objects = list.Items
	for i, o := range s.Objects {
		if s.Name != "plugins" {
			r.object(s, i, o)
		}
	}
}

// name says of problems of the text which object they are in: the last one that starts before.
func (r *reader) name() {
	var starts []Problem
	for _, s := range r.file.Sections {
		starts = append(starts, Problem{Line: s.Key.Line, Column: s.Key.Column})
		for i, o := range s.Objects {
			if o.Kind == Map {
				starts = append(starts, Problem{Line: o.Line, Column: o.Column, Kind: Kind(s.Name), ID: ID(o, i)})
			}
		}
	}
	slices.SortStableFunc(starts, comparePlaces)
	for i, p := range r.file.Problems {
		at, exact := slices.BinarySearchFunc(starts, p, comparePlaces)
		if !exact {
			at--
		}
		if p.Kind == "" && p.substitution && at >= 0 {
			r.file.Problems[i].Kind, r.file.Problems[i].ID = starts[at].Kind, starts[at].ID
		}
		r.file.Problems[i].substitution = false
	}
}

func comparePlaces(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// object checks that an item is a map, and the types of values in it.
func (r *reader) object(s *Section, i int, o *Node) {
	at := Problem{Line: o.Line, Column: o.Column, Level: Error, Kind: Kind(s.Name), ID: fmt.Sprintf("arr_%d", i+1)}
	switch o.Kind {
	case Map:
		at.ID = ID(o, i)
		w := surveyor{reader: r, at: at}
		w.survey(o)
	case String:
		at.Message = fmt.Sprintf("is the string %.60q, not an object: APISIX passes over it", o.Text)
		r.add(at)
	case Null, List:
		at.Message = fmt.Sprintf("is %s, not an object: APISIX drops it", o.Kind)
		r.add(at)
	default:
		at.Message = fmt.Sprintf("is %s, not an object: APISIX fails on it, and loads nothing of %s", o.Kind, s.Name)
		r.add(at)
	}
}
