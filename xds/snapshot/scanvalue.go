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

// skipScalar is the end of the string, number or literal at i.
func (s *scanner) skipScalar(i int) (int, error) {
	switch s.rest()[i] {
	case '"':
		return s.skipString(i)
	case 't':
		return s.skipWord(i, "true")
	case 'f':
		return s.skipWord(i, "false")
	case 'n':
		return s.skipWord(i, "null")
	}
	return s.skipNumber(i)
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

// skipWord is the end of the word at i.
func (s *scanner) skipWord(i int, word string) (int, error) {
	for _, want := range []byte(word) {
		if c, err := s.get(i); err != nil {
			return 0, err
		} else if c != want {
			return 0, errBad
		}
		i++
	}
	return i, nil
}

// skipString is the end of the string at i.
func (s *scanner) skipString(i int) (int, error) {
	for i++; ; {
		b := s.rest()
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			i++
		}
		c, err := s.get(i)
		switch {
		case err != nil:
			return 0, err
		case c == '"':
			return i + 1, nil
		case c == '\\':
			if i, err = s.skipEscape(i); err != nil {
				return 0, err
			}
		case c < ' ':
			return 0, errBad
		}
	}
}

// skipEscape is the end of the escape sequence at i.
func (s *scanner) skipEscape(i int) (int, error) {
	c, err := s.get(i + 1)
	switch {
	case err != nil:
		return 0, err
	case c == 'u':
		for k := i + 2; k < i+6; k++ {
			if c, err := s.get(k); err != nil {
				return 0, err
			} else if !isHex(c) {
				return 0, errBad
			}
		}
		return i + 6, nil
	case c == '"', c == '\\', c == '/', c == 'b', c == 'f', c == 'n', c == 'r', c == 't':
		return i + 2, nil
	}
	return 0, errBad
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// skipNumber is the end of the number at i.
func (s *scanner) skipNumber(i int) (int, error) {
	end := i
	c, err := s.get(end)
	for err == nil && (isDigit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E') {
		end++
		c, err = s.get(end)
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	n, ok := number(s.rest()[i:end])
	switch {
	case ok:
		return i + n, nil
	case i+n == end && err != nil:
		return 0, err
	}
	return 0, errBad
}

// number is the end of the number that b begins with, or where it stops to be one.
func number(b []byte) (end int, ok bool) {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, ok = digits(b, i); !ok {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digits(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i, ok = digits(b, i); !ok {
			return i, false
		}
	}
	return i, true
}

// digits is the end of the digits at i, of which there must be one.
func digits(b []byte, i int) (end int, ok bool) {
	for end = i; end < len(b) && isDigit(b[end]); end++ {
	}
	return end, end > i
}
