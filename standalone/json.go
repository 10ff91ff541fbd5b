package standalone

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A jsonParser reads JSON, and remembers where values are. It stands for cjson, which reads apisix.json, and is the fast
// way through a YAML text that is JSON but for its comments, as the style lines is.
type jsonParser struct {
	text   []byte
	at     int
	reader *reader
	// yaml tells that the text is YAML: comments are allowed, and what YAML reads otherwise than JSON is an error.
	yaml bool

	// The line of the character at offset counted, and how many characters of it are before.
	line, lineStart int
	counted, column int
}

// jsonError ends the parser.
type jsonError struct {
	at      int
	message string
}

// document reads the whole text.
func (p *jsonParser) document() (root *Node, err *SyntaxError) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *jsonError:
			line, column := position(p.text, min(e.at, len(p.text)))
			root, err = nil, &SyntaxError{Line: line, Column: column, Message: "JSON: " + e.message}
		default:
			panic(e)
		}
	}()
	p.line = 1
	if !utf8.Valid(p.text) && p.yaml {
		p.fail("a byte that is not UTF-8")
	}
	p.space()
	start := p.at
	root = p.value(0)
	end := p.at
	p.space()
	if p.at < len(p.text) {
		p.fail("there is more after the end of the value")
	}
	if p.yaml && (bytes.IndexByte(p.text[:start], '\t') >= 0 || bytes.IndexByte(p.text[end:], '\t') >= 0) {
		p.fail("YAML takes a tab for white space within brackets only")
	}
	return root, nil
}

// parseLines reads a YAML text that is JSON but for comments; nil for any other.
func (r *reader) parseLines(text []byte) *Node {
	if !bytes.HasPrefix(withoutHead(text), []byte("{")) || lineBreaks(text) != bytes.Count(text, []byte("\n")) {
		return nil
	}
	p := jsonParser{text: text, reader: r, yaml: true}
	root, err := p.document()
	if err != nil {
		return nil
	}
	return root
}

func (p *jsonParser) fail(message string, args ...any) {
	panic(&jsonError{p.at, fmt.Sprintf(message, args...)})
}

// peek is the next byte; 0 at the end.
func (p *jsonParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// space passes over white space, and comments where they may be.
func (p *jsonParser) space() {
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\n':
			p.line++
			p.lineStart, p.counted, p.column = p.at+1, p.at+1, 0
		case ' ', '\t', '\r':
		case '#':
			if !p.yaml || p.at > 0 && !strings.ContainsRune(" \t\n", rune(p.text[p.at-1])) {
				return
			}
			end := bytes.IndexByte(p.text[p.at:], '\n')
			if end < 0 {
				p.at = len(p.text) - 1
				continue
			}
			p.at += end - 1
		default:
			return
		}
	}
}

// node is a new node at the place of the next byte.
func (p *jsonParser) node(kind Type) *Node {
	p.column += utf8.RuneCount(p.text[p.counted:p.at])
	p.counted = p.at
	return &Node{Line: p.line, Column: p.column + 1, Kind: kind}
}

func (p *jsonParser) value(depth int) *Node {
	if depth > maxDepth {
		p.fail("values nest deeper than %d", maxDepth)
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.word("true"):
		return p.keyword("true", Bool, true)
	case p.word("false"):
		return p.keyword("false", Bool, false)
	case p.word("null"):
		return p.keyword("null", Null, false)
	case c == 0:
		p.fail("the text ends where a value should be")
	}
	p.fail("%q is not the start of a value", p.peek())
	return nil
}

func (p *jsonParser) word(s string) bool { return bytes.HasPrefix(p.text[p.at:], []byte(s)) }

func (p *jsonParser) keyword(s string, kind Type, b bool) *Node {
	n := p.node(kind)
	n.Text, n.Bool, n.Plain = s, b, true
	p.at += len(s)
	if c := p.peek(); c != 0 && !strings.ContainsRune(" \t\r\n,]}", rune(c)) {
		p.fail("%q is not the end of %s", c, s)
	}
	return n
}

func (p *jsonParser) object(depth int) *Node {
	n := p.node(Map)
	m := mapBuilder{out: n}
	p.at++
	for p.space(); p.peek() != '}'; p.space() {
		if len(n.Entries) > 0 {
			p.expect(',')
			p.space()
		}
		start := p.at
		if p.peek() != '"' {
			p.fail("a key in quotes should be here")
		}
		key, line := p.string(), p.line
		p.space()
		if p.yaml && (key.Text == merge || p.line != line || p.at-start > 1024) {
			p.fail("YAML reads this key otherwise")
		}
		p.expect(':')
		p.space()
		m.add(Entry{key, p.value(depth + 1)})
	}
	p.at++
	return n
}

func (p *jsonParser) array(depth int) *Node {
	n := p.node(List)
	n.Items = []*Node{}
	p.at++
	for p.space(); p.peek() != ']'; p.space() {
		if len(n.Items) > 0 {
			p.expect(',')
			p.space()
		}
		n.Items = append(n.Items, p.value(depth+1))
	}
	p.at++
	return n
}

func (p *jsonParser) expect(c byte) {
	switch found := p.peek(); {
	case found == c:
		p.at++
	case found == 0:
		p.fail("the text ends where a %q should be", c)
	default:
		p.fail("%q should be %q", found, c)
	}
}

func (p *jsonParser) number() *Node {
	n := p.node(Number)
	end := p.at
	for end < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[end]) >= 0 {
		end++
	}
	n.Text, n.Plain = string(p.text[p.at:end]), true
	if !ordinary.MatchString(n.Text) {
		p.fail("%.30q is not a number", n.Text)
	}
	n.Number, _ = strconv.ParseFloat(n.Text, 64)
	p.at = end
	return n
}
