package standalone

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// How lyaml types scalars that stand without quotes: nearly as YAML 1.1 says, by its own patterns (lyaml/implicit.lua)
// and, for floats, by what Lua's tonumber takes.

// words are the scalars that are no numbers and yet no strings.
var words = func() map[string]Node {
	all := map[string]Node{
		"": {}, "~": {}, "null": {}, "Null": {}, "NULL": {},
		".nan": number(math.NaN()), ".NaN": number(math.NaN()), ".NAN": number(math.NaN()),
	}
	for _, s := range strings.Fields("true True TRUE yes Yes YES on On ON") {
		all[s] = Node{Kind: Bool, Bool: true}
	}
	for _, s := range strings.Fields("false False FALSE no No NO off Off OFF") {
		all[s] = Node{Kind: Bool}
	}
	for _, s := range strings.Fields(".inf .Inf .INF") {
		all[s], all["+"+s], all["-"+s] = number(math.Inf(1)), number(math.Inf(1)), number(math.Inf(-1))
	}
	return all
}()

func number(x float64) Node { return Node{Kind: Number, Number: x} }

var errScalar = errors.New("a number that APISIX's YAML reader fails on")

// setPlain makes n the scalar that a text without quotes is. It fails where lyaml fails.
func (n *Node) setPlain(text string) error {
	n.Text, n.Plain, n.Kind = text, true, String
	if w, ok := words[text]; ok {
		n.Kind, n.Bool, n.Number = w.Kind, w.Bool, w.Number
		return nil
	}
	if c := text[0]; (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != '_' {
		return nil // no number starts so
	}
	x, ok, err := parseNumber(text)
	if ok {
		n.Kind, n.Number = Number, x
	}
	return err
}

// setTagged makes n the scalar that an explicit tag makes of the text, whether it has quotes or not. Other tags than those
// of YAML itself change nothing.
func (n *Node) setTagged(tag, text string, plain bool) error {
	switch tag {
	case "!!str":
		n.setQuoted(text)
		return nil
	case "!!null":
		n.Text, n.Kind = text, Null
		return nil
	case "!!bool", "!!int", "!!float":
		if err := n.setPlain(text); err != nil {
			return err
		}
		if tag == "!!bool" && len(text) == 1 && strings.Contains("yYnN", text) {
			n.Kind, n.Bool = Bool, text == "y" || text == "Y"
		}
		if !fits(tag, n) {
			return errors.New("the value does not fit its tag " + tag)
		}
		return nil
	}
	if plain {
		return n.setPlain(text)
	}
	n.setQuoted(text)
	return nil
}

// fits reports whether lyaml takes a scalar, typed as it would be without a tag, for one of that tag.
func fits(tag string, n *Node) bool {
	sexagesimal := strings.Contains(n.Text, ":")
	fraction := strings.ContainsAny(n.Text, ".eE") && !hexDigits.MatchString(n.Text)
	switch tag {
	case "!!int":
		return n.Kind == Number && !fraction
	case "!!float":
		return n.Kind == Number && (fraction || !sexagesimal)
	}
	return n.Kind == Bool
}

var hexDigits = regexp.MustCompile(`^[-+]?0x[0-9a-fA-F_]+$`)

// setQuoted makes n a string. lyaml hands it to Lua as C does: it ends at a NUL.
func (n *Node) setQuoted(text string) {
	n.Text, n.Kind = text, String
	if i := strings.IndexByte(text, 0); i >= 0 {
		n.Text, n.cut = text[:i], true
	}
}

// parseNumber reads a number in any of lyaml's notations.
func parseNumber(text string) (x float64, ok bool, err error) {
	sign, digits := 1.0, text
	if text[0] == '+' || text[0] == '-' {
		digits = text[1:]
		if text[0] == '-' {
			sign = -1
		}
	}
	if digits == "" {
		return 0, false, nil
	}
	for _, parse := range []func(string) (float64, bool, error){octal, decimal} {
		if x, ok, err = parse(digits); ok || err != nil {
			return sign * x, ok, err
		}
	}
	if strings.ContainsAny(text, ".eE") {
		if x, ok := ToNumber(strings.ReplaceAll(text, "_", "")); ok {
			return x, true, nil
		}
	}
	for _, parse := range []func(string) (float64, bool, error){hexadecimal, binary, sexagesimal} {
		if x, ok, err = parse(digits); ok || err != nil {
			return sign * x, ok, err
		}
	}
	return 0, false, nil
}

// octal is ^0_*[0-7][0-7_]*$: 017. It fails where underscores are at the end.
func octal(s string) (float64, bool, error) {
	rest := strings.TrimLeft(strings.TrimPrefix(s, "0"), "_")
	if s[0] != '0' || rest == "" || strings.Trim(rest, "01234567_") != "" {
		return 0, false, nil
	}
	return positional(rest, 8)
}

// binary is ^0b_*[01][01_]+$.
func binary(s string) (float64, bool, error) {
	rest, ok := strings.CutPrefix(s, "0b")
	rest = strings.TrimLeft(rest, "_")
	if !ok || len(rest) < 2 || strings.Trim(rest, "01_") != "" {
		return 0, false, nil
	}
	return positional(rest, 2)
}

// positional is a number in a base up to 10, with underscores between its digits.
func positional(s string, base float64) (x float64, ok bool, err error) {
	if strings.HasSuffix(s, "_") {
		return 0, false, errScalar // lyaml takes the last underscore for a digit, and does arithmetic on nothing
	}
	for _, c := range strings.ReplaceAll(s, "_", "") {
		x = x*base + float64(c-'0')
	}
	return x, true, nil
}

// decimal is ^_*[0-9][0-9_]*$: 1_000, and _1.
func decimal(s string) (float64, bool, error) {
	rest := strings.TrimLeft(s, "_")
	if rest == "" || strings.Trim(rest, "0123456789_") != "" {
		return 0, false, nil
	}
	x, err := strconv.ParseFloat(strings.ReplaceAll(rest, "_", ""), 64)
	return x, err == nil, nil
}

// hexadecimal is ^0x_*[0-9a-fA-F][0-9a-fA-F_]*$.
func hexadecimal(s string) (float64, bool, error) {
	rest, ok := strings.CutPrefix(s, "0x")
	rest = strings.TrimLeft(rest, "_")
	if !ok || rest == "" || strings.Trim(rest, "0123456789abcdefABCDEF_") != "" {
		return 0, false, nil
	}
	x, err := strconv.ParseFloat("0x"+strings.ReplaceAll(rest, "_", "")+"p0", 64)
	return x, err == nil, nil
}

// sexagesimal is ^[0-9]+:[0-5]?[0-9][:0-9]*$, perhaps with a fraction: 1:30 is 90.
func sexagesimal(s string) (x float64, ok bool, err error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if fraction != "" && strings.Trim(fraction, "0123456789") != "" || strings.HasSuffix(s, ".") {
		return 0, false, nil
	}
	first, rest, ok := strings.Cut(whole, ":")
	if !ok || first == "" || strings.Trim(whole, "0123456789:") != "" || !startsMinutes(rest) {
		return 0, false, nil
	}
	for part := range strings.SplitSeq(whole, ":") {
		if part != "" {
			n, _ := strconv.ParseFloat(part, 64)
			x = x*60 + n
		}
	}
	f, _ := strconv.ParseFloat("0."+fraction+"0", 64)
	return x + f, true, nil
}

// startsMinutes is ^[0-5]?[0-9][:0-9]*, of which the last part takes any further digits: it only asks for one digit.
func startsMinutes(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// ToNumber is Lua's tonumber of what may be a float: a decimal or hexadecimal number.
func ToNumber(s string) (float64, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return 0, false
	}
	if lower := strings.ToLower(digits); strings.HasPrefix(lower, "0x") && !strings.Contains(lower, "p") {
		s += "p0"
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil || errors.Is(err, strconv.ErrRange)
}
