package snapshot

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// reader decodes one source. It descends into the JSON text token by token, down to the lists of resources, and holds
// the text of one resource at a time. What an object is shows in its keys, whatever their order.
type reader struct {
	*session
	source   string
	position locator
	lines    *lineReader
	json     *scanner
	union    *union // the resources that the current document names without saying how to apply them
	found    bool   // whether the source holds anything at all
}

// readJSON decodes JSON values, one after the other.
func (r *reader) readJSON(in *bufio.Reader) error {
	r.lines = &lineReader{r: in}
	return r.documents(r.lines)
}

// documents decodes JSON values until in ends, and puts errors where the locator says.
func (r *reader) documents(at locator) error {
	r.position = at
	r.json = &scanner{r: r.lines}
	for {
		r.allow(r.json.offset())
		token, err := r.json.token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return r.syntaxError(0, err)
		}
		if err := r.document(token); err != nil {
			return err
		}
		r.union.apply(r)
	}
}

// document decodes the value that begins with the token just read: an object, or an array of objects.
func (r *reader) document(token json.Token) error {
	switch token {
	case json.Delim('{'):
		return r.object(inDocument)
	case json.Delim('['):
		return r.array(func() error { return r.element(inDocument) })
	}
	return r.unexpected(token, "; "+expected)
}

// array calls each at every element of the array whose opening bracket has been read, and reads the closing one.
func (r *reader) array(each func() error) error {
	for r.json.more() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// arrayAt is array for the value of a member. A null is an empty array, as everywhere in protobuf's JSON.
func (r *reader) arrayAt(key string, each func() error) error {
	token, err := r.token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return r.unexpected(token, ", expected the array "+key)
	}
	return r.array(each)
}

// element decodes the object that comes next.
func (r *reader) element(in scope) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return r.unexpected(token, " in an array, expected an object; "+expected)
	}
	return r.object(in)
}

// token reads the next token of a document that has begun.
func (r *reader) token() (json.Token, error) {
	at := r.json.offset()
	r.allow(at)
	token, err := r.json.token()
	if err != nil {
		return nil, r.syntaxError(at, err)
	}
	return token, nil
}

// next reads the next value whole. The text is valid until more is read.
func (r *reader) next() (text, error) {
	at := r.json.offset()
	r.allow(at)
	value, err := r.json.value()
	if err != nil {
		return text{}, r.syntaxError(at, err)
	}
	return text{value, r.json.offset() - int64(len(value))}, nil
}

// allow lets the scanner read one more value.
func (r *reader) allow(at int64) { r.lines.limit = at + maxValue }

// syntaxError explains why reading from the offset from on failed.
func (r *reader) syntaxError(from int64, err error) error {
	var syntax *jsonError
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return r.failf(r.lines.read, "the text ends in the middle of a value: the input is cut short")
	case errors.Is(err, errTooLarge):
		return r.tooLarge(from)
	case errors.As(err, &syntax):
		return r.failf(syntax.at, "JSON: %w", err)
	}
	return (&input{name: r.source}).readError(err)
}

func (r *reader) tooLarge(at int64) error {
	return r.failf(at, "found a value of more than %d MiB, which no resource has", maxValue>>20)
}

// note adds a note on the source as a whole.
func (r *reader) note(field, format string, args ...any) {
	r.builder.Note(Note{Resource: dumpResource, Field: field, Message: fmt.Sprintf(format, args...)})
}

// unexpected is an error about the token just read.
func (r *reader) unexpected(token json.Token, expected string) error {
	found, length := describeToken(token)
	return r.failf(r.json.offset()-int64(length), "found %s%s", found, expected)
}

// describeToken says what a token is, and how long it is in the text (nearly, if it is a string with escapes).
func describeToken(token json.Token) (what string, length int) {
	switch t := token.(type) {
	case json.Delim:
		if t == '[' || t == ']' {
			return "an array", 1
		}
		return "an object", 1
	case string:
		return fmt.Sprintf("the string %.40q", t), len(t) + 2
	case json.Number:
		return "the number " + t.String(), len(t)
	case bool:
		return fmt.Sprint(t), len(fmt.Sprint(t))
	}
	return "null", 4
}
