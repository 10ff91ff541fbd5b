package validate

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/internal/backtrack"
	"github.com/amesh-render/amesh-render/standalone"
)

// regexCondition checks the pattern of a condition. APISIX takes whatever pattern, and when PCRE refuses it, or gives up,
// finds no match.
func (c *checker) regexCondition(x *object, field string, n *standalone.Node, negated bool) {
	switch {
	case n.Kind == standalone.List || n.Kind == standalone.Map || n.Kind == standalone.Null:
		c.tell(x, standalone.Warning, field, "is %s, not a regular expression: the comparison %s", n.Kind, holds(negated))
		return
	}
	flaw, broken := regexFlaw(n.Text)
	switch {
	case flaw == "":
	case broken && negated:
		c.tell(x, standalone.Error, field, "the regular expression %.100q is invalid, %s: it never matches, and negated it always does, which lets pass what it should not", n.Text, flaw)
	case broken:
		c.tell(x, standalone.Error, field, "the regular expression %.100q is invalid, %s: it never matches", n.Text, flaw)
	case negated:
		c.tell(x, standalone.Warning, field, "the regular expression %.100q %s, and negated it then holds", n.Text, flaw)
	default:
		c.tell(x, standalone.Warning, field, "the regular expression %.100q %s", n.Text, flaw)
	}
}

// regexes are where plugins have patterns, which APISIX compiles when it loads an object: lists of them, of which every
// step-th counts.
var regexes = []struct {
	plugin, field string
	step          int
}{
	{"proxy-rewrite", "regex_uri", 2}, {"redirect", "regex_uri", 2}, {"cors", "allow_origins_by_regex", 1},
	{"cors", "timing_allow_origins_by_regex", 1}, {"uri-blocker", "block_rules", 1}, {"ua-restriction", "allowlist", 1},
	{"ua-restriction", "denylist", 1},
}

// regexPlugins checks the patterns of an object's plugins.
func (c *checker) regexPlugins(x *object) {
	plugins := x.node.Get("plugins")
	for _, r := range regexes {
		for i, n := range items(plugins.Get(r.plugin).Get(r.field)) {
			if i%r.step == 0 {
				c.regexPlugin(x, fmt.Sprintf("plugins.%s.%s[%d]", r.plugin, r.field, i), n)
			}
		}
	}
	for i, filter := range items(plugins.Get("response-rewrite").Get("filters")) {
		c.regexPlugin(x, fmt.Sprintf("plugins.response-rewrite.filters[%d].regex", i), filter.Get("regex"))
	}
}

func (c *checker) regexPlugin(x *object, field string, n *standalone.Node) {
	if n == nil || n.Kind != standalone.String || n.Env {
		return
	}
	switch flaw, broken := regexFlaw(n.Text); {
	case flaw == "":
	case broken:
		c.refuse(x, field, "the regular expression %.100q is invalid, %s", n.Text, flaw)
	default:
		c.tell(x, standalone.Warning, field, "the regular expression %.100q %s", n.Text, flaw)
	}
}

// regexFlaw is what is wrong with a pattern, and whether PCRE refuses it. Patterns are judged by package regexp/syntax: of
// one that only PCRE may understand nothing is said.
func regexFlaw(pattern string) (flaw string, broken bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	var wrong *syntax.Error
	switch {
	case err == nil && backtrack.RunsAway(tree):
		return "repeats a repetition: on some values PCRE gives up after 100,000 steps, and then finds no match", false
	case errors.As(err, &wrong) && refusedByAll(pattern, wrong):
		return wrong.Code.String(), true
	}
	return "", false
}

// refusedByAll reports whether PCRE has the same to say against a pattern. Other mistakes, such as look-ahead or possessive
// repetition, are syntax that PCRE has and Go has not.
func refusedByAll(pattern string, err *syntax.Error) bool {
	switch err.Code {
	case syntax.ErrMissingBracket, syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrTrailingBackslash:
		return true
	case syntax.ErrMissingRepeatArgument:
		return !strings.Contains(pattern, "(*") // a verb
	case syntax.ErrInvalidCharRange:
		return !strings.ContainsAny(err.Expr, `\[`)
	case syntax.ErrInvalidRepeatSize:
		low, high, _ := strings.Cut(strings.Trim(err.Expr, "{}"), ",")
		a, err1 := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		return err1 == nil && err2 == nil && b < a
	}
	return false
}
