package standalone

import (
	"regexp"
	"strconv"
)

// ordinary matches numbers that mean to everybody what they mean to YAML 1.1.
var ordinary = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// surprise is what YAML 1.1 makes of a plain scalar of which a person may expect something else; empty for the others.
func surprise(n *Node) string {
	switch n.Kind {
	case Bool:
		if n.Text != "true" && n.Text != "false" {
			return "the boolean " + strconv.FormatBool(n.Bool)
		}
	case Number:
		if !ordinary.MatchString(n.Text) {
			return "the number " + strconv.FormatFloat(n.Number, 'f', -1, 64)
		}
	}
	return ""
}
