package render

import (
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// Rules on paths look at the path as the client sent it, $real_request_uri: that is Envoy's path, unless Envoy's
// normalisation (normalize_path) changes it. Where a rule looks at the path, a request whose path it would change is
// refused. $uri would not do, as it is decoded: "/x/..%2fpublic" is "/public" there, but not for the upstream, which gets
// the path as it was sent.

const rawTarget = "real_request_uri"

// path is the condition on the path without its query (url_path).
func (w witness) path(m *matcherv3.StringMatcher) claim {
	pattern, fold, ok := pathPattern(m)
	if !ok {
		return w.blind("url_path", "the condition on the path is of a kind that is not rendered")
	}
	return w.target(pattern, fold)
}

// template is the condition that the path fits a URI template.
func (w witness) template(config *corev3.TypedExtensionConfig) claim {
	t := &templatev3.UriTemplateMatchConfig{}
	if config.GetTypedConfig().UnmarshalTo(t) != nil {
		return w.blind("uri_template", "the template is of a kind that is not rendered")
	}
	pattern, ok := templatePattern(t.GetPathTemplate(), sentTemplate)
	if !ok {
		return w.blind("uri_template", "the template is not one that is known here")
	}
	return w.target(`\A`+pattern+`(?:\?|\z)`, false)
}

// target is the condition that the pattern, "" for none, fits the target of the request.
func (w witness) target(pattern string, fold bool) claim {
	if pattern == "" {
		return known(no)
	}
	w.needs.path = true
	return known(expression(apisix.Compare(rawTarget, regexOp(fold), pattern)))
}

// pathPattern is a pattern for targets whose path fits a matcher; "" for none.
func pathPattern(m *matcherv3.StringMatcher) (pattern string, fold, ok bool) {
	literal, before, after := "", "", ""
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		literal, after = p.Exact, `(?:\?|\z)`
	case *matcherv3.StringMatcher_Prefix:
		literal = p.Prefix
	case *matcherv3.StringMatcher_Suffix:
		literal, before, after = p.Suffix, `[^?]*`, `(?:\?|\z)`
	case *matcherv3.StringMatcher_Contains:
		literal, before = p.Contains, `[^?]*`
	case *matcherv3.StringMatcher_SafeRegex:
		t, err := translateRegexWithin(p.SafeRegex.GetRegex(), '?')
		return t.pattern, false, err == nil && !t.runsAway
	default:
		return "", false, false
	}
	if strings.ContainsAny(literal, "?\x00") {
		return "", false, true // no path has them
	}
	return `\A` + before + apisix.QuoteRegex(literal) + after, m.GetIgnoreCase(), true
}

// tame holds for targets that the normalisation of paths leaves as they are.
func tame(manager *hcmv3.HttpConnectionManager) formula {
	if !manager.GetNormalizePath().GetValue() {
		return yes
	}
	slashes := manager.GetPathWithEscapedSlashesAction()
	keeps := slashes <= hcmv3.HttpConnectionManager_KEEP_UNCHANGED
	return expression(apisix.Compare(rawTarget, apisix.OpRegex, tamePattern(keeps, manager.GetMergeSlashes())))
}

// tamePattern fits targets without dot segments, without characters that would be escaped, and without escapes that would
// be undone: those of letters, digits and "-._~", and of slashes unless keepSlashes. It never goes back over what it has
// matched, however long the target.
func tamePattern(keepSlashes, mergeSlashes bool) string {
	escape := `%(?:[0189a-fA-F][0-9a-fA-F]|2[0-9a-cA-CfF]|3[a-fA-F]|40|5[b-eB-E]|60|7[b-dB-DfF])`
	if !keepSlashes {
		escape = `%(?:[0189a-fA-F][0-9a-fA-F]|2[0-9a-cA-C]|3[a-fA-F]|40|5[bdeBDE]|60|7[b-dB-DfF])`
	}
	const plain = `0-9A-Za-z_~!$&'()*+,;=:@|^\[\]-`
	// a segment that is neither "." nor ".."
	segment := `(?:\.{0,2}(?:[` + plain + `]|` + escape + `)|\.{3})[.` + plain + `]*(?:` + escape + `[.` + plain + `]*)*`
	if mergeSlashes {
		return `\A(?:/` + segment + `)*/?(?:\?|\z)`
	}
	return `\A(?:/(?:` + segment + `)?)+(?:\?|\z)`
}
