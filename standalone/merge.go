package standalone

import (
	"gopkg.in/yaml.v3"
)

// A mapBuilder collects the entries of a map.
type mapBuilder struct {
	out    *Node
	index  map[string]int
	merged map[int]bool // entries that came by a merge key, which may be replaced
}

// few is up to how many entries are searched one by one.
const few = 16

func (m *mapBuilder) find(key string) int {
	if len(m.out.Entries) <= few {
		for i := range m.out.Entries {
			if m.out.Entries[i].Key.Text == key {
				return i
			}
		}
		return -1
	}
	if m.index == nil {
		m.index = make(map[string]int, cap(m.out.Entries))
		for i, e := range m.out.Entries {
			m.index[e.Key.Text] = i
		}
	}
	if i, ok := m.index[key]; ok {
		return i
	}
	return -1
}

// add adds an entry. It replaces an earlier one of the same key.
func (m *mapBuilder) add(e Entry) {
	i := m.find(e.Key.Text)
	switch {
	case i < 0:
		m.append(e)
		return
	case m.merged[i]:
		delete(m.merged, i)
	default:
		m.out.Shadowed = append(m.out.Shadowed, m.out.Entries[i])
	}
	m.out.Entries[i] = e
}

func (m *mapBuilder) append(e Entry) {
	if m.index != nil {
		m.index[e.Key.Text] = len(m.out.Entries)
	}
	m.out.Entries = append(m.out.Entries, e)
}

// merge adds the entries of a map, or of the maps in a list, whose keys are not there yet.
func (m *mapBuilder) merge(key *yaml.Node, value *Node) *SyntaxError {
	maps := []*Node{value}
	if value.Kind == List {
		maps = value.Items
	}
	for _, from := range maps {
		if from.Kind != Map {
			return failure(key, "the merge key << wants a map, and gets %s", from.Kind)
		}
		for _, e := range from.Entries {
			if m.find(e.Key.Text) >= 0 {
				continue
			}
			if m.merged == nil {
				m.merged = map[int]bool{}
			}
			m.merged[len(m.out.Entries)] = true
			m.append(e)
		}
	}
	return nil
}
