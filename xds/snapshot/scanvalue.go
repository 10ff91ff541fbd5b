package snapshot

import (
	"encoding/json"
	"errors"
	"io"
)

// maxNesting is how deep values may nest in one that is read whole, as in encoding/json.
const maxNesting = 10_000

// errBad says that a text is no JSON.
var errBad = errors.New("invalid character")

// end finds the end of the value that comes next, in rest. All of it is in rest then.
func (s *scanner) end() (int, error) {
	end, err := s.scan()
	if err == errBad {
		return 0, s.complain()
	}
	return end, err
}

// complain asks encoding/json what is wrong with the value that comes next.
func (s *scanner) complain() error {
	err := json.Unmarshal(s.rest(), new(json.RawMessage))
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return &jsonError{syntax.Error(), s.offset() + max(syntax.Offset-1, 0)}
	}
	return &jsonError{errBad.Error(), s.offset()}
}

// scan is end but for the complaint. It does not recurse.
func (s *scanner) scan() (int, error) {
	s.nested = s.nested[:0]
	for i, want := 0, wantDocument; ; {
		if i = skipSpace(s.rest(), i); i == len(s.rest()) {
			if err := s.fill(); err != nil {
				return 0, cutShort(err)
			}
			continue
		}
		var err error
		switch c := s.rest()[i]; {
		case c == ',' && want == wantArrayComma:
			i, want = i+1, wantElement
			continue
		case c == ',' && want == wantObjectComma:
			i, want = i+1, wantKey
			continue
		case c == ':' && want == wantColon:
			i, want = i+1, wantMember
			continue
		case c == '"' && (want == wantFirstKey || want == wantKey):
			if i, err = s.skipString(i); err != nil {
				return 0, err
			}
			want = wantColon
			continue
		case c == ']' && (want == wantFirst || want == wantArrayComma),
			c == '}' && (want == wantFirstKey || want == wantObjectComma):
			s.nested = s.nested[:len(s.nested)-1]
			i++
		case want != wantMember && want != wantElement && want != wantFirst && want != wantDocument:
			return 0, errBad
		case c == '{' || c == '[':
			if s.nested = append(s.nested, c); len(s.nested) > maxNesting {
				return 0, errBad
			}
			i, want = i+1, wantFirst
			if c == '{' {
				want = wantFirstKey
			}
			continue
		default:
			if i, err = s.skipScalar(i); err != nil {
				return 0, err
			}
		}
		if len(s.nested) == 0 {
			return i, nil
		}
		want = wantAfter(s.nested[len(s.nested)-1])
	}
}

// cutShort is the error of a text that ends in the middle of a value.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// get is the byte at i, which is read if need be.
func (s *scanner) get(i int) (byte, error) {
	for i >= len(s.rest()) {
		if err := s.fill(); err != nil {
			return 0, cutShort(err)
		}
	}
	return s.rest()[i], nil
}
