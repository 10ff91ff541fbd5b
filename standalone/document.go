package standalone

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// decodeYAML reads all documents of a text, and returns the first two.
func decodeYAML(text []byte) (first, second *yaml.Node, err error) {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for {
		next := new(yaml.Node)
		switch err := documents.Decode(next); {
		case errors.Is(err, io.EOF):
			return first, second, nil
		case err != nil:
			return nil, nil, err
		case first == nil:
			first = next
		case second == nil:
			second = next
		}
	}
}

// What libyaml reads and yaml.v3 does not: the escape \/, a byte order mark within the text, and documents that say that
// they are YAML 1.2. They are replaced before, and put back afterwards.
const (
	longSlash = `\U0000002F`
	mark      = "\ufeff"
	standIn   = "\ue001"
)

var (
	slash   = regexp.MustCompile(`((?:^|[^\\])(?:\\\\)*)\\/`)
	version = regexp.MustCompile(`(?m)^%YAML 1\.2`)
)

func (r *reader) forYAML(text []byte) []byte {
	if i := bytes.LastIndex(text, []byte(mark)); i > 0 {
		r.marks = true
		text = append(text[:3:3], bytes.ReplaceAll(text[3:], []byte(mark), []byte(standIn))...)
	}
	if bytes.Contains(text, []byte("%YAML 1.2")) {
		text = version.ReplaceAll(text, []byte("%YAML 1.1"))
	}
	return text
}

// back puts back what was replaced in the text of a scalar.
func (r *reader) back(text string) string {
	if r.slashes {
		text = strings.ReplaceAll(text, longSlash, `\/`)
	}
	if r.marks {
		text = strings.ReplaceAll(text, standIn, mark)
	}
	return text
}

// yamlLine is the form of yaml.v3's syntax errors.
var yamlLine = regexp.MustCompile(`^line (\d+): (.*)`)

// quotedKey matches a key in quotes. libyaml looks for a key's colon within maxKey characters of its start.
var quotedKey = regexp.MustCompile(`(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*:`)

const maxKey = 1024

func yamlError(text []byte, err error) *SyntaxError {
	for _, at := range quotedKey.FindAllIndex(text, -1) {
		if utf8.RuneCount(text[at[0]:at[1]])-1 > maxKey {
			line, column := position(text, at[0])
			return &SyntaxError{Line: line, Column: column, Message: fmt.Sprintf("YAML: a key of more than %d characters", maxKey)}
		}
	}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &SyntaxError{Line: 1, Message: message}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
	}
	e.Line = min(e.Line, 1+bytes.Count(text, []byte("\n")))
	e.Message = "YAML: " + e.Message
	return e
}
