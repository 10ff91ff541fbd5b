package envoy

import (
	"fmt"
	"regexp"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
)

// The characters that a URI template lets a path segment consist of.
const segmentCharacters = `a-zA-Z0-9._~%!$&'()+,;:@=\-`

// template is a path_match_policy. Envoy has one: a URI template, in which "*" is one path segment, "**" any number of
// them at the end of the path, and "{name=pattern}" or "{name}" captures what a pattern, or one segment, matches.
func template(policy *corev3.TypedExtensionConfig) text {
	config := &templatev3.UriTemplateMatchConfig{}
	if err := policy.GetTypedConfig().UnmarshalTo(config); err != nil {
		return unknownText(fmt.Sprintf("path_match_policy %q, which is not modelled", policy.GetName()))
	}
	t := fullMatch(templatePattern(config.GetPathTemplate()))
	t.words = fmt.Sprintf("path_template %q", config.GetPathTemplate())
	return t
}

var templateToken = regexp.MustCompile(`\{[^{}=]+(?:=([^{}]*))?\}|\*\*|\*|[^*{}]+|[{}]`)

// templatePattern is a template as a regular expression.
func templatePattern(template string) string {
	return templateToken.ReplaceAllStringFunc(template, func(token string) string {
		switch {
		case token == "**":
			return "[" + segmentCharacters + "/]*"
		case token == "*":
			return "[" + segmentCharacters + "]+"
		case strings.HasPrefix(token, "{") && strings.HasSuffix(token, "}"):
			_, pattern, given := strings.Cut(strings.Trim(token, "{}"), "=")
			if !given {
				pattern = "*"
			}
			return "(?:" + templatePattern(pattern) + ")"
		}
		return regexp.QuoteMeta(token)
	})
}
