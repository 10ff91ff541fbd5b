package snapshot

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
)

// text is one JSON value, known to be valid, and where it begins in its document. Its methods look inside without
// building a tree.
type text struct {
	json []byte
	at   int64
}

// member is one member of an object.
type member struct {
	key      string
	value    text
	from, to int // of key and value, in the object's text
}

// is reports whether the value begins with c: '{', '[' or '"'.
func (t text) is(c byte) bool { return len(t.json) > 0 && t.json[0] == c }

// members yields the members of an object, nothing for any other value.
func (t text) members() iter.Seq[member] {
	return func(yield func(member) bool) {
		if !t.is('{') {
			return
		}
		for i := skipSpace(t.json, 1); i < len(t.json) && t.json[i] == '"'; {
			from := i
			i = skipValue(t.json, i)
			key := unquote(t.json[from:i])
			i = skipSpace(t.json, skipSpace(t.json, i)+1) // the colon
			begin := i
			i = skipValue(t.json, i)
			if !yield(member{key, t.slice(begin, i), from, i}) {
				return
			}
			i = skipSpace(t.json, skipSpace(t.json, i)+1) // the comma
		}
	}
}

// elements yields the elements of an array, nothing for any other value.
func (t text) elements() iter.Seq[text] {
	return func(yield func(text) bool) {
		if !t.is('[') {
			return
		}
		for i := skipSpace(t.json, 1); i < len(t.json) && t.json[i] != ']'; {
			begin := i
			i = skipValue(t.json, i)
			if !yield(t.slice(begin, i)) {
				return
			}
			i = skipSpace(t.json, skipSpace(t.json, i)+1) // the comma
		}
	}
}

// member is the value of an object's member, by its key in snake_case.
func (t text) member(key string) (text, bool) {
	for m := range t.members() {
		if snake(m.key) == key {
			return m.value, true
		}
	}
	return text{}, false
}

// str is the value of a string, "" for any other value.
func (t text) str() string {
	if !t.is('"') {
		return ""
	}
	return unquote(t.json)
}

// empty reports whether the value says nothing: null, "", {}, [].
func (t text) empty() bool {
	return len(t.json) == 0 || t.is('n') || string(t.json) == `""` ||
		(t.is('{') || t.is('[')) && skipSpace(t.json, 1) == len(t.json)-1
}

// describe says what kind of value it is, for errors.
func (t text) describe() string {
	switch {
	case t.is('{'):
		return "an object"
	case t.is('['):
		return "an array"
	case t.is('"'):
		return "a string"
	case t.is('t'), t.is('f'):
		return "a boolean"
	case t.is('n'):
		return "null"
	}
	return "a number"
}

func (t text) slice(from, to int) text {
	from, to = min(from, len(t.json)), min(to, len(t.json))
	return text{t.json[from:to], t.at + int64(from)}
}

// blank overwrites part of the text with spaces, so that the rest keeps its place.
func (t text) blank(from, to int) {
	for i := from; i < to && i < len(t.json); i++ {
		t.json[i] = ' '
	}
}

// cutType takes the "@type" out of an object, by overwriting it with spaces: what is left is the message itself. ok is
// false, and nothing changes, if there is none or it is not a string.
func (t text) cutType() (url string, ok bool) {
	before := 0 // end of the member before it
	for m := range t.members() {
		if m.key != "@type" {
			before = m.to
			continue
		}
		if !m.value.is('"') {
			return "", false
		}
		url = m.value.str()
		comma := skipSpace(t.json, m.to)
		switch {
		case comma < len(t.json) && t.json[comma] == ',':
			t.blank(m.from, comma+1)
		case before > 0:
			t.blank(before, m.to)
		default:
			t.blank(m.from, m.to)
		}
		return url, true
	}
	return "", false
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the end of the value at i. It does not recurse.
func skipValue(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
			continue // within an object or array
		default:
			i = skipLiteral(b, i)
		}
		if depth <= 0 {
			return i
		}
	}
	return len(b)
}

func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return len(b)
		}
		i += j
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(b)
}

func skipLiteral(b []byte, i int) int {
	for i < len(b) && !strings.ContainsRune(" \t\r\n,:]}", rune(b[i])) {
		i++
	}
	return i
}

func unquote(quoted []byte) string {
	if len(quoted) >= 2 && bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // the text is known to be valid
	return s
}

// snake is a JSON key in the form that Envoy's documentation uses: protobuf's JSON may say lastUpdated for last_updated.
func snake(key string) string {
	if strings.ToLower(key) == key {
		return key
	}
	var b strings.Builder
	for _, c := range key {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
