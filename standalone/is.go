package standalone

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// head is how much of a text is looked at to find out what it is.
const head = 64 << 10

// Is reports whether a text is a file of APISIX's, and no xDS dump: whether the first key of its outermost map that either
// of them may have is a section of APISIX's, or else its end is the line #END. It looks at the start and the end only.
func Is(text []byte) bool {
	start := text[:min(len(text), head)]
	var keys []string
	if body := withoutHead(start); bytes.HasPrefix(body, []byte("{")) {
		keys = flowKeys(body)
	} else {
		keys = blockKeys(start)
	}
	if slices.ContainsFunc(keys, isSection) {
		return true
	}
	return ended(text)
}

func isSection(key string) bool { return key == "plugins" || slices.Contains(apisix.Sections, key) }

// isJSON tells by which rules a file is read: those of apisix.json if it is named so, or looks so and has no #END.
func isJSON(name string, text []byte) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json":
		return true
	case ".yaml", ".yml":
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) && !bytes.Contains(lastLine(text), []byte("#END"))
}

func lastLine(text []byte) []byte {
	text = bytes.TrimRight(text, " \t\r\n")
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

// withoutHead is the text without white space, comments and a document's mark before its first value.
func withoutHead(text []byte) []byte {
	for {
		text = bytes.TrimLeft(text, " \t\r\n\ufeff")
		if !bytes.HasPrefix(text, []byte("#")) && !bytes.HasPrefix(text, []byte("---")) {
			return text
		}
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
}

// flowKeys are the keys of the outermost map of a text that starts with "{", as far as the text goes.
func flowKeys(text []byte) (keys []string) {
	depth, quoted, start := 0, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			if quoted && depth == 1 && bytes.HasPrefix(bytes.TrimLeft(text[i+1:min(len(text), i+64)], " \t\r\n"), []byte(":")) {
				keys = append(keys, string(text[start:i]))
			}
			quoted, start = !quoted, i+1
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return keys
}

// blockKeys are the keys that stand at the start of a line.
func blockKeys(text []byte) (keys []string) {
	for line := range bytes.Lines(text) {
		key, _, found := bytes.Cut(line, []byte(":"))
		if key := strings.Trim(string(key), " \t\"'"); found && len(line) > 0 && !strings.HasPrefix(string(line), " ") && key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}
