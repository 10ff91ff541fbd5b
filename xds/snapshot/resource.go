package snapshot

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// unmarshal decodes a message strictly; only if that fails does it look for unknown fields and types, takes them out with
// a note each, and tries again. What fails then is an error. resource is where notes and errors say it was.
func (r *reader) unmarshal(t text, m proto.Message, resource func() string) ([]Note, error) {
	err := protojson.Unmarshal(t.json, m)
	if err == nil {
		restore(t, m)
		return nil, nil
	}
	p := patch{resource: resource()}
	p.message(t, m.ProtoReflect().Descriptor(), "")
	patched := p.apply(t)
	if len(p.edits) > 0 {
		err = protojson.Unmarshal(patched, m)
	}
	if err != nil {
		offset, message := explain(err, patched)
		return nil, r.failf(t.at+int64(p.source(offset)), "%s: %s", p.resource, message)
	}
	restore(t, m)
	return p.notes, nil
}

// protojsonError is the form of protojson's errors: "proto: syntax error (line 3:14): unexpected token".
var protojsonError = regexp.MustCompile(`^proto:[\s\x{a0}](?:syntax error )?\(line (\d+):(\d+)\): `)

// explain takes the position out of an error of protojson: the offset in the text that it refers to, and the rest of it.
func explain(err error, in []byte) (offset int, message string) {
	m := protojsonError.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, strings.TrimLeft(strings.TrimPrefix(err.Error(), "proto:"), " \u00a0")
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	for ; line > 1; line-- {
		offset += bytes.IndexByte(in[offset:], '\n') + 1
	}
	for ; column > 1 && offset < len(in); column-- {
		_, n := utf8.DecodeRune(in[offset:])
		offset += n
	}
	return offset, err.Error()[len(m[0]):]
}

// nameIn is the name of a resource in its text, "" if it has none.
func nameIn(k Kind, t text) string {
	name, _ := t.member(kinds[k].nameField)
	return name.str()
}

// kindOfShape is the kind of a resource without an @type: the one that knows most of its fields. It must know the name
// and one more, and nearly all of them: of five fields one may be of a newer Envoy.
func kindOfShape(t text) (Kind, bool) {
	best, most, tie := Kind(0), 1, false
	for k := Cluster; k <= Secret; k++ {
		known, all := 0, 0
		fields := k.descriptor().Fields()
		for m := range t.members() {
			all++
			if fields.ByJSONName(m.key) != nil || fields.ByTextName(m.key) != nil {
				known++
			}
		}
		switch {
		case nameIn(k, t) == "" || known*5 < all*4:
		case known > most:
			best, most, tie = k, known, false
		case known == most:
			tie = true
		}
	}
	return best, best != 0 && !tie
}

// keysOf lists the first keys of an object, for errors.
func keysOf(t text) string {
	var keys []string
	for m := range t.members() {
		if len(keys) == 5 {
			keys = append(keys, "…")
			break
		}
		keys = append(keys, fmt.Sprintf("%.40q", m.key))
	}
	if keys == nil {
		return "no keys"
	}
	return "the keys " + strings.Join(keys, ", ")
}
