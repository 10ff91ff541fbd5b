package render

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/internal/backtrack"
)

// TestTamePattern holds the pattern for paths that Envoy's normalisation leaves alone against examples, and against a
// plain account of what normalisation does, over random paths.
func TestTamePattern(t *testing.T) {
	tame := regexp.MustCompile(tamePattern(true, false))
	for _, path := range []string{"/", "/a", "/a/b/", "/a//b", "/.a", "/..a", "/a.", "/a..", "/...", "/....", "/a/.b/c..d", "/a?x=/../%61",
		"/a%20b", "/%2f", "/%2F..", "/%5c", "/a%2f..%2fb", "/?", "/a;b=c", "/%c3%a9", "/~a_b-c", "/%3a%40"} {
		if !tame.MatchString(path) {
			t.Errorf("%q is not tame", path)
		}
	}
	for _, path := range []string{"", "a", "/.", "/..", "/./", "/a/..", "/a/../b", "/a/./b", "/a/.?x", "/%2e", "/%2E%2e/x", "/.%2e", `/a\b`,
		"/%61", "/%5a", "/%7E", "/%2D", "/%5f", "/%39", "/a b", "/a\"", "/<", "/{", "/%", "/%4", "/%g0", "/é", "/a#b", "/%5F"} {
		if tame.MatchString(path) {
			t.Errorf("%q is tame", path)
		}
	}
	rng := rand.New(rand.NewPCG(1, 0))
	parts := []string{"/", "/", ".", "..", "a", "b", "%2f", "%2e", "%61", "%20", `\`, "?", "~", "%5c", "%"}
	for range 100_000 {
		var b strings.Builder
		b.WriteByte('/')
		for range rng.IntN(6) {
			b.WriteString(parts[rng.IntN(len(parts))])
		}
		if got, want := tame.MatchString(b.String()), unchanged(b.String()); got != want {
			t.Fatalf("%q: tame is %t, want %t", b.String(), got, want)
		}
	}
}

// unchanged says whether normalisation leaves a target as it is, for paths of the parts above.
func unchanged(target string) bool {
	path, _, _ := strings.Cut(target, "?")
	for _, changed := range []string{"%2e", "%61", `\`} {
		if strings.Contains(path, changed) {
			return false
		}
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return !regexp.MustCompile(`%([^0-9a-f]|.[^0-9a-f]|.?$)`).MatchString(path)
}

func TestTamePatternForOtherNormalisation(t *testing.T) {
	merging := regexp.MustCompile(tamePattern(true, true))
	for path, want := range map[string]bool{"/a/b": true, "/a/": true, "/": true, "/a//b": false, "//": false, "/a?b//c": true} {
		if got := merging.MatchString(path); got != want {
			t.Errorf("merging slashes, %q: got %t, want %t", path, got, want)
		}
	}
	decoding := regexp.MustCompile(tamePattern(false, false))
	for path, want := range map[string]bool{"/a%2fb": false, "/a%5Cb": false, "/a%20b": true, "/a%5bb": true} {
		if got := decoding.MatchString(path); got != want {
			t.Errorf("decoding slashes, %q: got %t, want %t", path, got, want)
		}
	}
}

func TestIPv4Pattern(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for bits := range 33 {
		for range 50 {
			n := rng.Uint32()
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), bits)
			pattern := regexp.MustCompile(`\A` + ipv4Pattern(p) + `\z`)
			for range 50 {
				m := n ^ uint32(uint64(1)<<rng.IntN(33)) // differs in one bit at most
				addr := netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)})
				if got, want := pattern.MatchString(addr.String()), p.Contains(addr); got != want {
					t.Fatalf("%v contains %v: got %t by %s, want %t", p, addr, got, pattern, want)
				}
			}
		}
	}
}

// TestChoices tells regular expressions that a backtracking matcher settles in few steps from those that it may not.
func TestChoices(t *testing.T) {
	for re, want := range map[string]int{
		"abc": 0, "a*": 0, "/a/.*": 0, "/[^/]+/x": 0, "[0-9]+/.*": 0, "/[^/]+/[^/]+/x": 0,
		".*b": 1, "a.*b": 1, "a*a": 1, "(a.*)b": 1, "(?:x|a.*)b": 1,
		".*a.*b": 2, "(a.*)(b.*)c": 2, "a*a*b": 1,
	} {
		tree, err := syntax.Parse(re, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := backtrack.Choices(tree, nil); got != want {
			t.Errorf("%s: got %d, want %d", re, got, want)
		}
	}
	for re, want := range map[string]bool{"/a/.*": false, "(a+)+b": true, ".*a.*b": true, ".*a": false, "(?:a|aa)*b": true} {
		if p, err := translateRegex(re); err != nil || p.runsAway != want {
			t.Errorf("%s: runs away: got %t, %v, want %t", re, p.runsAway, err, want)
		}
	}
}

// TestRegexWithin: an expression for a path must not reach into the query.
func TestRegexWithin(t *testing.T) {
	for _, tc := range []struct {
		re, target string
		want       bool
	}{
		{"/a.*", "/abc?x", true}, {"/.*z", "/a?z", false}, {"/[^/]*", "/a?/b", true}, {"/[^/]*", "/a/b", false},
		{"/a\\?b", "/a?b", false}, {"^/a$", "/a?b", true}, {"/a|/b", "/b?c", true}, {"/a", "/ab", false}, {"/[?a]", "/?", false},
	} {
		p, err := translateRegexWithin(tc.re, '?')
		if err != nil {
			t.Fatalf("%s: %v", tc.re, err)
		}
		if got := regexp.MustCompile(p.pattern).MatchString(tc.target); got != tc.want {
			t.Errorf("%s as %s, %q: got %t, want %t", tc.re, p.pattern, tc.target, got, tc.want)
		}
	}
	if _, err := translateRegexWithin("(^a|b)", '?'); err == nil {
		t.Error("an anchor inside is taken")
	}
}

func TestClaimsAreBounds(t *testing.T) {
	x, y := known(expression(never)), hidden
	for _, tc := range []struct {
		name      string
		got       claim
		must, may verdict
	}{
		{"hidden", y, impossible, always},
		{"not hidden", y.not(), impossible, always},
		{"known and hidden", allClaims(x, y), impossible, depends},
		{"known or hidden", anyClaim(x, y), depends, always},
		{"false and hidden", allClaims(known(no), y), impossible, impossible},
		{"true or hidden", anyClaim(known(yes), y), always, always},
		{"known unless doubt", known(yes).unless(expression(never)), depends, always},
		{"nothing of none", anyClaim(), impossible, impossible},
	} {
		if tc.got.must.fixed != tc.must || tc.got.may.fixed != tc.may {
			t.Errorf("%s: got %v, want must %v, may %v", tc.name, tc.got, tc.must, tc.may)
		}
	}
}
