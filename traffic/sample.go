package traffic

import (
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// sample is a value for a variable, or that it has none.
type sample struct {
	text   string
	absent bool
}

var absent = sample{absent: true}

// meets says whether a comparison holds for the sample. It need not know all that APISIX knows: a wrong answer costs a
// request that shows nothing.
func (s sample) meets(x *apisix.Expr) bool { return s.compares(x.Op, x.Value) != x.Negated }

func (s sample) compares(op string, value any) bool {
	switch op {
	case apisix.OpEqual:
		return !s.absent && s.text == fmt.Sprint(value)
	case apisix.OpNotEqual:
		return s.absent || s.text != fmt.Sprint(value)
	case apisix.OpRegex, apisix.OpRegexFold:
		pattern, _ := value.(string)
		re, _ := parse(pattern, op == apisix.OpRegexFold)
		return !s.absent && re != nil && re.MatchString(s.text)
	case apisix.OpIn:
		list, _ := value.([]any)
		return !s.absent && slices.ContainsFunc(list, func(v any) bool { return fmt.Sprint(v) == s.text })
	case apisix.OpIPMatch:
		a, err := netip.ParseAddr(s.text)
		return err == nil && slices.ContainsFunc(prefixes(value), func(p netip.Prefix) bool { return p.Contains(a) })
	}
	limit, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	n, notNumber := strconv.ParseFloat(s.text, 64)
	return err == nil && notNumber == nil && orders[op] != nil && orders[op](n, limit)
}

// orders are the comparisons of numbers.
var orders = map[string]func(n, limit float64) bool{
	apisix.OpLess:           func(n, limit float64) bool { return n < limit },
	apisix.OpLessOrEqual:    func(n, limit float64) bool { return n <= limit },
	apisix.OpGreater:        func(n, limit float64) bool { return n > limit },
	apisix.OpGreaterOrEqual: func(n, limit float64) bool { return n >= limit },
}

// most is how many samples of one pattern are tried.
const most = 6

// matching are texts that the pattern matches, the shortest kind first: with each of its alternatives, and with
// repetitions made once and twice. There are none for what Go cannot parse: the model does not know those either.
func matching(pattern string, fold bool) []string {
	re, tree := parse(pattern, fold)
	if re == nil {
		return nil
	}
	var out []string
	for _, text := range texts(tree) {
		if re.MatchString(text) && len(out) < most {
			out = append(out, text)
		}
	}
	return out
}

// missing are samples that narrowly fail the pattern.
func missing(pattern string, fold bool) []sample {
	re, _ := parse(pattern, fold)
	out := []sample{absent}
	if re == nil {
		return out
	}
	for _, text := range matching(pattern, fold) {
		near := []string{text + "x", "x" + text}
		if text != "" {
			near = append(near, text[:len(text)-1])
		}
		for _, miss := range near {
			if !re.MatchString(miss) && len(out) < most {
				out = append(out, sample{text: miss})
			}
		}
	}
	if !re.MatchString("x") {
		out = append(out, sample{text: "x"})
	}
	return out
}

func parse(pattern string, fold bool) (*regexp.Regexp, *syntax.Regexp) {
	if fold {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, nil
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, nil
	}
	return re, tree
}

// texts are texts that the expression may match, at least one: what is left out is whether its assertions hold there.
func texts(x *syntax.Regexp) []string {
	switch x.Op {
	case syntax.OpLiteral:
		return []string{literal(x)}
	case syntax.OpCharClass:
		return []string{character(x.Rune)}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpCapture, syntax.OpPlus:
		return texts(x.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		return limit(append([]string{""}, texts(x.Sub[0])...))
	case syntax.OpRepeat:
		return repeated(x)
	case syntax.OpConcat:
		return concatenated(x.Sub)
	case syntax.OpAlternate:
		return alternatives(x.Sub)
	}
	return []string{""}
}

// literal is a literal as it stands; the parser writes one whose case does not matter in capitals.
func literal(x *syntax.Regexp) string {
	if x.Flags&syntax.FoldCase != 0 {
		return strings.ToLower(string(x.Rune))
	}
	return string(x.Rune)
}

// character is one of a class's characters: the one that is easiest to read and to send.
func character(ranges []rune) string {
	for _, wish := range "xa0-A" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= wish && wish <= ranges[i+1] {
				return string(wish)
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		if r := max(ranges[i], '!'); r <= ranges[i+1] {
			return string(r)
		}
	}
	return ""
}

// repeated does not unfold large counts: what asks for thousands of characters has no sample.
func repeated(x *syntax.Regexp) []string {
	const longest = 64
	one := texts(x.Sub[0])[0]
	if x.Min > longest {
		return []string{""}
	}
	least := strings.Repeat(one, x.Min)
	if x.Max == x.Min {
		return []string{least}
	}
	return []string{least, least + one}
}

// concatenated is each part at its first, and then each part in turn at its others.
func concatenated(parts []*syntax.Regexp) []string {
	all := make([][]string, len(parts))
	var first strings.Builder
	for i, p := range parts {
		all[i] = texts(p)
		first.WriteString(all[i][0])
	}
	out := []string{first.String()}
	for i := range parts {
		for _, other := range all[i][1:] {
			var b strings.Builder
			for j := range parts {
				if i == j {
					b.WriteString(other)
				} else {
					b.WriteString(all[j][0])
				}
			}
			out = append(out, b.String())
		}
	}
	return limit(out)
}

// alternatives are the first text of each, then the second of each, and so on.
func alternatives(parts []*syntax.Regexp) []string {
	var out []string
	all := make([][]string, len(parts))
	for i, p := range parts {
		all[i] = texts(p)
	}
	for k := range most {
		for _, list := range all {
			if k < len(list) {
				out = append(out, list[k])
			}
		}
	}
	return limit(out)
}

func limit(list []string) []string { return list[:min(len(list), 2*most)] }
