package snapshot

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// scanner reads JSON token by token, as json.Decoder does and with the same complaints, or by whole values. Of those it
// finds the end: it looks at each byte once, where json.Decoder does twice, and copies none.
type scanner struct {
	r    io.Reader
	err  error  // of r, to be told once buf is done with
	buf  []byte // what has been read and may still be wanted
	at   int    // how much of it is done with
	base int64  // the offset of buf in the text
	want want
	open []byte // the brackets that are open
	// nested are those that are open within a value that is read whole. The memory is used again.
	nested []byte
}

// want is what must come next.
type want int

const (
	wantDocument    want = iota // a value that is in no other
	wantFirst                   // a value in an array, or its end
	wantElement                 // a value in an array, after a comma
	wantArrayComma              // a comma, or the end of the array
	wantFirstKey                // a key, or the end of the object
	wantKey                     // a key, after a comma
	wantColon                   // what stands between key and value
	wantMember                  // the value
	wantObjectComma             // a comma, or the end of the object
)

// after is the part of a complaint that says what was expected instead.
var after = [...]string{
	wantDocument:    " looking for beginning of value",
	wantFirst:       " looking for beginning of value",
	wantElement:     " looking for beginning of value",
	wantArrayComma:  " after array element",
	wantKey:         " looking for beginning of object key string",
	wantColon:       " after object key",
	wantMember:      " looking for beginning of value",
	wantObjectComma: " after object key:value pair",
}

// jsonError is what is wrong with a JSON text, in json.Decoder's words, and where.
type jsonError struct {
	message string
	at      int64
}

func (e *jsonError) Error() string { return e.message }

// peek returns the next byte that is not white space, which is then done with.
func (s *scanner) peek() (byte, error) {
	for i := 0; ; {
		if i = skipSpace(s.rest(), i); i < len(s.rest()) {
			s.at += i
			return s.buf[s.at], nil
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// more reports whether the object or array that is open goes on.
func (s *scanner) more() bool {
	c, err := s.peek()
	return err == nil && c != ']' && c != '}'
}

// token reads the next token: a bracket, a key, or a value that is neither object nor array.
func (s *scanner) token() (json.Token, error) {
	for {
		c, err := s.peek()
		if err != nil {
			return nil, err
		}
		switch {
		case c == ',' && s.want == wantArrayComma:
			s.at, s.want = s.at+1, wantElement
		case c == ',' && s.want == wantObjectComma:
			s.at, s.want = s.at+1, wantKey
		case c == ':' && s.want == wantColon:
			s.at, s.want = s.at+1, wantMember
		case c == '[' && s.wantsValue():
			s.begin(c, wantFirst)
			return json.Delim(c), nil
		case c == '{' && s.wantsValue():
			s.begin(c, wantFirstKey)
			return json.Delim(c), nil
		case c == ']' && (s.want == wantFirst || s.want == wantArrayComma),
			c == '}' && (s.want == wantFirstKey || s.want == wantObjectComma):
			s.at++
			s.open = s.open[:len(s.open)-1]
			s.ended()
			return json.Delim(c), nil
		case c == '"' && (s.want == wantFirstKey || s.want == wantKey):
			token, err := s.scalar()
			s.want = wantColon
			return token, err
		case !s.wantsValue(), c == ',', c == ':', c == ']', c == '}':
			return nil, &jsonError{"invalid character " + quoteChar(c) + after[s.want], s.offset()}
		default:
			token, err := s.scalar()
			s.ended()
			return token, err
		}
	}
}

// scalar reads the string, number, true, false or null that comes next. A complaint is about its beginning.
func (s *scanner) scalar() (token json.Token, err error) {
	end, err := s.end()
	if complaint := (*jsonError)(nil); errors.As(err, &complaint) {
		complaint.at = s.offset()
	}
	if err != nil {
		return nil, err
	}
	text := s.rest()[:end]
	s.at += end
	if c := text[0]; c == '-' || '0' <= c && c <= '9' {
		return json.Number(text), nil
	}
	err = json.Unmarshal(text, &token)
	return token, err
}

// value reads the next value whole. The text is valid until anything more is read; until then it may be modified.
func (s *scanner) value() ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	if separator, next := s.separator(); separator != 0 {
		if c != separator {
			return nil, &jsonError{"invalid character " + quoteChar(c) + after[s.want], s.offset()}
		}
		s.at, s.want = s.at+1, next
		if _, err = s.peek(); err != nil {
			return nil, err
		}
	}
	end, err := s.end()
	if err != nil {
		return nil, err
	}
	text := s.rest()[:end]
	s.at += end
	s.ended()
	return text, nil
}

// separator is what must come before the next value, 0 for nothing, and what is wanted after it.
func (s *scanner) separator() (byte, want) {
	switch s.want {
	case wantArrayComma:
		return ',', wantElement
	case wantColon:
		return ':', wantMember
	}
	return 0, s.want
}

func (s *scanner) begin(bracket byte, want want) {
	s.at++
	s.open, s.want = append(s.open, bracket), want
}

// ended says that a value has ended.
func (s *scanner) ended() {
	s.want = wantDocument
	if n := len(s.open); n > 0 {
		s.want = wantAfter(s.open[n-1])
	}
}

// wantAfter is what is wanted after a value, by the bracket that is open around it.
func wantAfter(bracket byte) want {
	if bracket == '[' {
		return wantArrayComma
	}
	return wantObjectComma
}

func (s *scanner) wantsValue() bool {
	return s.want == wantDocument || s.want == wantFirst || s.want == wantElement || s.want == wantMember
}

// quoteChar is a byte as encoding/json writes it in its complaints.
func quoteChar(c byte) string {
	switch c {
	case '\'':
		return `'\''`
	case '"':
		return `'"'`
	}
	quoted := strconv.Quote(string(rune(c)))
	return "'" + quoted[1:len(quoted)-1] + "'"
}
