package standalone

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string, and finds substitutions in it: those of apisix.json come after parsing.
func (p *jsonParser) string() *Node {
	n := p.node(String)
	p.at++
	start := p.at
	for p.at < len(p.text) && p.text[p.at] != '"' && p.text[p.at] != '\\' && p.text[p.at] >= ' ' {
		p.at++
	}
	if p.peek() == '"' {
		n.Text = string(p.text[start:p.at])
	} else {
		n.Text = p.escaped(append([]byte(nil), p.text[start:p.at]...))
	}
	p.at++
	if p.yaml {
		n.Text, n.Env = p.reader.withoutPlaceholders(n.Text)
		n.setQuoted(n.Text)
	} else if strings.Contains(n.Text, "${{") {
		if m := substitution.FindStringSubmatch(n.Text); m != nil {
			n.Env = true
			p.reader.add(substitutionProblem(n.Line, n.Column, m[1]))
		}
	}
	return n
}

// escaped reads the rest of a string that has escapes.
func (p *jsonParser) escaped(s []byte) string {
	for {
		switch c := p.peek(); {
		case c == '"':
			return string(s)
		case c == '\\':
			p.at++
			s = p.escape(s)
		case c < ' ':
			if p.at >= len(p.text) {
				p.fail("the text ends within a string")
			}
			p.fail("the raw character %U within a string", c)
		default:
			s = append(s, c)
			p.at++
		}
	}
}

func (p *jsonParser) escape(s []byte) []byte {
	c := p.peek()
	p.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 && c != 0 {
		return append(s, "\"\\/\b\f\n\r\t"[i])
	}
	if c != 'u' {
		p.fail("\\%c is no escape", c)
	}
	r := p.hex()
	if utf16.IsSurrogate(r) {
		if p.yaml || !p.word(`\u`) {
			p.fail("half of a surrogate pair")
		}
		p.at += 2
		r = utf16.DecodeRune(r, p.hex())
	}
	return utf8.AppendRune(s, r)
}

// hex reads the four digits of an escape.
func (p *jsonParser) hex() rune {
	end := min(len(p.text), p.at+4)
	x, err := strconv.ParseUint(string(p.text[p.at:end]), 16, 16)
	if err != nil || end < p.at+4 {
		p.fail("\\u without four digits")
	}
	p.at = end
	return rune(x)
}
