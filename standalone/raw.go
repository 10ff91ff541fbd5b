package standalone

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// What APISIX looks at before it parses the text.

// endMark is what APISIX wants within the last 10 bytes of a YAML file (config_yaml.lua): it takes a file without for one
// that is being written, and ignores it.
var endMark = regexp.MustCompile(`#END[ \t\n\v\f\r]*$`)

const endWithin = 10

func ended(text []byte) bool { return endMark.Match(text[max(0, len(text)-endWithin):]) }

// checkEnd adds a problem if the text does not end as it should.
func (r *reader) checkEnd(text []byte) {
	if ended(text) {
		return
	}
	line, column := position(text, len(bytes.TrimRight(text, " \t\r\n")))
	message := "the file does not end in the line #END: APISIX takes it for half written, and ignores it"
	if endMark.Match(text) {
		message = fmt.Sprintf("#END is not within the last %d bytes: APISIX takes the file for half written, and ignores it", endWithin)
	}
	r.add(Problem{Line: line, Column: column, Level: Error, Message: message})
}

// checkCharacters returns an error for the first character that libyaml's reader refuses, wherever it is.
func checkCharacters(text []byte) *SyntaxError {
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < 0x7f || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		c, n := utf8.DecodeRune(text[i:])
		message := ""
		switch {
		case c == utf8.RuneError && n == 1:
			message = "a byte that is not UTF-8"
		case c < ' ' || c >= 0x7f && c < 0xa0 && c != 0x85 || c == '\ufffe' || c == '\uffff':
			message = fmt.Sprintf("the raw character %U", c)
		}
		if message != "" {
			line, column := position(text, i)
			return &SyntaxError{Line: line, Column: column, Message: message + ": APISIX's YAML reader refuses the whole file"}
		}
		i += n
	}
	return nil
}

// position is the line and the column, in characters, of a byte of the text.
func position(text []byte, offset int) (line, column int) {
	start := bytes.LastIndexByte(text[:offset], '\n') + 1
	return 1 + bytes.Count(text[:start], []byte("\n")), 1 + utf8.RuneCount(text[start:offset])
}

// substitution is what APISIX replaces by an environment variable, in the raw text of apisix.yaml: %$%{%{%s*([%w_]+[%:%=]?.-)%s*%}%}
// (cli/file.lua).
var substitution = regexp.MustCompile(`(?s)\$\{\{[ \t\n\v\f\r]*([0-9A-Za-z_]+[:=]?.*?)[ \t\n\v\f\r]*\}\}`)

// placeholder stands for a character of a substitution while the text is parsed. It is one that no file has reason to
// hold, and that YAML lets a plain scalar begin with.
const placeholder = '\ue000'

// substitute adds a problem for each substitution in the text and puts placeholders in their place, so that the rest can
// be parsed: as many characters as there were, and line breaks where they were.
func (r *reader) substitute(text []byte) []byte {
	if !bytes.Contains(text, []byte("${{")) {
		return text
	}
	places := substitution.FindAllSubmatchIndex(text, -1)
	if places == nil {
		return text
	}
	r.env = true
	var out []byte
	last, line := 0, 1
	for _, p := range places {
		line += bytes.Count(text[last:p[0]], []byte("\n"))
		column := 1 + utf8.RuneCount(text[bytes.LastIndexByte(text[:p[0]], '\n')+1:p[0]])
		r.add(substitutionProblem(line, column, string(text[p[2]:p[3]])))
		out = append(out, text[last:p[0]]...)
		for _, c := range string(text[p[0]:p[1]]) {
			if c != '\n' {
				c = placeholder
			}
			out = utf8.AppendRune(out, c)
		}
		line += bytes.Count(text[p[0]:p[1]], []byte("\n"))
		last = p[1]
	}
	return append(out, text[last:]...)
}

func substitutionProblem(line, column int, inner string) Problem {
	p := Problem{Line: line, Column: column, Level: Error, substitution: true}
	name, fallback, optional := strings.Cut(inner, ":=")
	if optional {
		p.Level = Warning
		p.Message = fmt.Sprintf("APISIX replaces ${{%.60s}} by the environment variable, or else by %.60q", strings.TrimSpace(name), strings.TrimSpace(fallback))
	} else {
		p.Message = fmt.Sprintf("APISIX replaces ${{%.60s}} by the environment variable, and refuses the whole file where there is none", name)
	}
	return p
}

// withoutPlaceholders is the text of a scalar as it was, and whether there was a substitution in it.
func (r *reader) withoutPlaceholders(text string) (string, bool) {
	if !r.env || !strings.ContainsRune(text, placeholder) {
		return text, false
	}
	var b strings.Builder
	before := rune(0)
	for _, c := range text {
		switch {
		case c != placeholder:
			b.WriteRune(c)
		case before != placeholder:
			b.WriteString("${{…}}")
		}
		before = c
	}
	return b.String(), true
}
