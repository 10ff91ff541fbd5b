package xds

import (
	"bytes"
	"path"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/amesh-render/amesh-render/xds/encoded"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// validator tells whether resources can be decoded without decoding them. It walks through the encoded form as decode does
// through the messages. What it finds sound decode accepts; of anything odd, decode has to say what it is. The zero value is
// ready for use, by one goroutine at a time.
type validator struct {
	tables map[string]*table // by the full names of message types

	anys    int      // how many Anys are around what is looked at
	entries int      // how many entries of maps
	refers  []string // the route configurations that the resource names
	doubt   bool     // one of them is in a map, whose entries may replace each other
}

// maxNesting is how deep messages may nest in what the validator judges. Envoy's own configuration needs half of it.
const maxNesting = 128

// minRepeat is how long a message must be for the validator to look whether it has just seen the same, in bytes.
const minRepeat = 32

// maxRepeat is how long a message may be for the validator to remember it.
const maxRepeat = 4096

// sound reports whether decode accepts a resource for sure. If so, refers are the names of what the client asks for because of
// it.
func (v *validator) sound(k snapshot.Kind, name string, wire []byte) (refers []string, ok bool) {
	v.anys, v.entries, v.refers, v.doubt = 0, 0, nil, false
	t, _ := v.of([]byte(path.Base(k.TypeURL())))
	if t == nil || nameIn(wire) == "" || !v.message(t, wire, 0) {
		return nil, false
	}
	switch k {
	case snapshot.Cluster:
		if service := endpointsNameIn(wire, name); service != "" {
			refers = []string{service}
		}
	case snapshot.Listener:
		return v.refers, !v.doubt
	}
	return refers, true
}

// message reports whether b is a sound message.
func (v *validator) message(t *table, b []byte, depth int) bool {
	switch {
	case t.strict || depth == maxNesting:
		return false
	case t.any:
		return v.any(b, depth)
	}
	if t.entry {
		v.entries++
		defer func() { v.entries-- }()
	}
	var seen uint64
	var refers []byte
	for len(b) > 0 {
		in, n := encoded.Consume(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		f := t.field(in.Number)
		if f == nil || f.shape == unknown {
			continue
		}
		if f.slot&seen != 0 {
			return false
		}
		seen |= f.slot
		if !v.value(f, in.Type, in.Value, depth) {
			return false
		}
		if in.Is(t.refers, protowire.BytesType) {
			refers = in.Value
		}
	}
	if len(refers) > 0 {
		v.refers, v.doubt = append(v.refers, string(refers)), v.doubt || v.entries > 0
	}
	return true
}

// value reports whether the value of a field is sound. That of another wire type counts as an unknown field.
func (v *validator) value(f *field, typ protowire.Type, value []byte, depth int) bool {
	switch {
	case typ != protowire.BytesType:
		return true
	case f.shape == text:
		return utf8.Valid(value)
	case f.shape == message:
		return v.again(f, value, depth+1) || v.within(f, value, depth+1)
	case f.repeated && f.shape != blob:
		return packedIn(f.shape, value)
	}
	return true
}

// within reports whether a message in a field is sound, and keeps in mind where it was.
func (v *validator) within(f *field, value []byte, depth int) bool {
	if f.table == nil {
		f.table = v.tableOf(f.message)
	}
	refers := len(v.refers)
	ok := v.message(f.table, value, depth)
	if ok && len(v.refers) == refers && minRepeat <= len(value) && len(value) <= maxRepeat {
		f.last = sight{append(f.last.value[:0], value...), depth, v.anys}
	}
	return ok
}

// again reports whether the field had the same value before, no deeper. Endpoints of one service have the same metadata, most
// often, and clusters the same thresholds.
func (v *validator) again(f *field, value []byte, depth int) bool {
	l := &f.last
	return len(l.value) == len(value) && depth <= l.depth && v.anys <= l.anys && len(value) > 0 && bytes.Equal(l.value, value)
}

// any reports whether b is a sound Any: one whose content is sound, or of a type that is not known.
func (v *validator) any(b []byte, depth int) bool {
	var url, content []byte
	for len(b) > 0 {
		f, n := encoded.Consume(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		switch {
		case f.Is(1, protowire.BytesType):
			if url = f.Value; !utf8.Valid(url) {
				return false
			}
		case f.Is(2, protowire.BytesType):
			content = f.Value
		}
	}
	t, found := v.of(url[bytes.LastIndexByte(url, '/')+1:])
	if t == nil || v.anys == maxDepth {
		return !found && v.anys < maxDepth
	}
	v.anys++
	ok := v.message(t, content, depth+1)
	v.anys--
	return ok
}

// packedIn reports whether b is a list of numbers, one after the other.
func packedIn(s shape, b []byte) bool {
	switch s {
	case fixed32:
		return len(b)%4 == 0
	case fixed64:
		return len(b)%8 == 0
	}
	for len(b) > 0 {
		_, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}
