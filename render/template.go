package render

import (
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A templateForm says what the parts of a URI template become in a regular expression.
type templateForm struct {
	segment string // for "*"
	rest    string // for "**"
	decoded bool   // the pattern is for a decoded path
}

// What a template's parts are in the target as the client sent it, and in the decoded path: there a segment may hold
// anything, as Envoy lets it hold what is percent-encoded; the target that was sent has to be looked at besides.
var (
	sentTemplate    = templateForm{segment: "[" + segmentChars + "-]+", rest: "[" + segmentChars + "/-]*"}
	decodedTemplate = templateForm{segment: "[^/]+", rest: ".*", decoded: true}
)

const segmentChars = `a-zA-Z0-9._~%!$&'()+,;:@=`

// templatePattern is a URI template (envoy.extensions.path.match.uri_template) as a regular expression without anchors:
// "*" stands for one segment of a path, "**" for any rest of it, "{name}" for a segment and "{name=pattern}" for what the
// pattern stands for. It is not ok when the template is malformed.
func templatePattern(template string, form templateForm) (pattern string, ok bool) {
	var b strings.Builder
	for rest := template; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**"):
			b.WriteString(form.rest)
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString(form.segment)
			rest = rest[1:]
		case rest[0] == '{':
			inner, after, closed := strings.Cut(rest[1:], "}")
			_, of, given := strings.Cut(inner, "=")
			if !given {
				of = "*"
			}
			p, fine := templatePattern(of, form)
			if !closed || !fine || strings.Contains(inner, "{") {
				return "", false
			}
			b.WriteString(p)
			rest = after
		default:
			n := strings.IndexAny(rest, "*{}")
			if n < 0 {
				n = len(rest)
			}
			if n == 0 { // a "}" that nothing has opened
				return "", false
			}
			b.WriteString(form.literal(rest[:n]))
			rest = rest[n:]
		}
	}
	return b.String(), true
}

// literal is a pattern for text of a template.
func (f templateForm) literal(text string) string {
	if f.decoded {
		text, _ = percentDecode(text)
	}
	return apisix.QuoteRegex(text)
}
