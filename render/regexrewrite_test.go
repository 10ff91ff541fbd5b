package render

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// globalReplace is RE2's GlobalReplace.
func globalReplace(pattern, substitution, path string) string {
	template := strings.NewReplacer("$", "$$", `\\`, `\`).Replace(substitution)
	template = regexp.MustCompile(`\\([0-9])`).ReplaceAllString(template, "$${$1}")
	return regexp.MustCompile(pattern).ReplaceAllString(path, template)
}

// firstReplace is ngx.re.sub, for patterns and replacements that mean the same to Go.
func firstReplace(p pathRewrite, path string) string {
	re := regexp.MustCompile(p.pattern)
	at := re.FindStringSubmatchIndex(path)
	if at == nil {
		return path
	}
	return path[:at[0]] + string(re.ExpandString(nil, p.replacement, path, at)) + path[at[1]:]
}

// TestRegexRewrite compares what is rendered with what Envoy does: the same path, unless a finding says that only the
// first match is replaced.
func TestRegexRewrite(t *testing.T) {
	patterns := []string{`^/a`, `/a`, `a`, `b$`, `/a(.*)`, `^/([^/]+)(/.*)$`, `^/a|^/b`, `^/a|b$`, `(^/a)`, `^(/a)(.*)`, `^/a(b)?`, `^(.*)$`, `.*`, `/+`, `[a/]`, `x*`}
	substitutions := []string{`/c`, `c`, ``, `/\0`, `\0`, `\1`, `/\1`, `\2/\1`, `/$1`, `/c\\d`}
	paths := []string{"/", "/a", "/ab", "/a/b", "/a/a", "/b/a/b", "/aab/a", "/a/b/a/b", "/x"}
	compared := 0
	for _, pattern := range patterns {
		for _, s := range substitutions {
			r := &renderer{}
			p, err := r.regexRewrite(&matcherv3.RegexMatchAndSubstitute{
				Pattern: &matcherv3.RegexMatcher{Regex: pattern}, Substitution: s}, resource("route", "r"), "f")
			if err != nil {
				continue
			}
			for _, path := range paths {
				want, got := globalReplace(pattern, s, path), firstReplace(p, path)
				slash := strings.Contains(fmt.Sprint(r.findings.list), "slash before it")
				if slash && !strings.HasPrefix(want, "/") {
					want = "/" + want
				}
				if !strings.HasPrefix(got, "/") {
					t.Errorf("%s by %s: %s becomes %q, which is no path", pattern, s, path, got)
				}
				if strings.Contains(fmt.Sprint(r.findings.list), "first match only") {
					continue
				}
				compared++
				if got != want && !(slash && got == "/"+want) {
					t.Errorf("%s by %s as %q: %s becomes %s, in Envoy %s", pattern, s, p, path, got, want)
				}
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d rewrites were compared", compared)
	}
}
