package render

import (
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A uriKey is an APISIX uri: an exact path or, with prefix, all paths that begin so.
type uriKey struct {
	path   string
	prefix bool
}

// everyPath is the uri "/*".
var everyPath = uriKey{path: "/", prefix: true}

func (k uriKey) String() string {
	if k.prefix {
		return k.path + "*"
	}
	return k.path
}

// A pathMatch is a route's condition on the path.
type pathMatch struct {
	// native is the most specific uri that holds all paths of the route.
	native uriKey
	// exact says that native holds no other path.
	exact bool
	// vars says the condition in full; empty for all paths.
	vars []apisix.Expr
}

// A placement is where a route goes in APISIX's router so that the routes of one list are tried in Envoy's order.
type placement struct {
	uri uriKey
	// demoted says that uri holds more paths than the route's condition, so that the route needs its path as vars.
	demoted bool
	// priority orders routes of one uri, highest first.
	priority int
}

// order places the routes of one list, given in Envoy's order: the first that matches wins.
//
// APISIX looks at the exact uri first, then at uri prefixes from the longest to the shortest; priority counts only among
// routes of one uri. So a later route with a more specific uri would overtake an earlier one that holds the same path.
// Such a route is demoted: it takes the shortest prefix uri of the routes before it that its own paths begin with, and
// tests its path as vars. Those prefixes are all prefixes of one string, so the shortest is unique, and no earlier route
// that holds the same path has a less specific uri.
func order(matches []pathMatch) []placement {
	places := make([]placement, len(matches))
	prefixes := make(map[string]bool, len(matches))
	for i, m := range matches {
		key := m.native
		if shorter, ok := shortestPrefix(prefixes, m.native.path); ok {
			key = uriKey{path: shorter, prefix: true}
		}
		if key.prefix {
			prefixes[key.path] = true
		}
		places[i] = placement{uri: key, demoted: !m.exact || key != m.native, priority: len(matches) - 1 - i}
	}
	return places
}

// shortestPrefix finds the shortest member of the set that path begins with.
func shortestPrefix(set map[string]bool, path string) (string, bool) {
	if len(set) == 0 {
		return "", false
	}
	for prefix := range prefixesOf(path) {
		if set[prefix] {
			return prefix, true
		}
	}
	return "", false
}

// prefixesOf yields the prefixes of a path from the shortest to the path itself.
func prefixesOf(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for n := range len(path) + 1 {
			if !yield(path[:n]) {
				return
			}
		}
	}
}

// literalKey is the most specific uri for paths that begin with, or with exact are, the literal; whole says that it holds
// no other path. The literal is cut before what APISIX would not take literally: "*" has a meaning of its own, and "${"
// could begin an environment substitution.
//
// A uri with a segment that begins with ":" or "*" is matched once more as a regular expression, without any quoting, and
// never matches a path of more than some 6,400 bytes (lua-resty-radixtree, compare_param). So a prefix loses the slash at
// its end: "/a/*" would be such a uri, "/a*" is none. For all paths there is only "/*".
func literalKey(literal string, exact bool) (key uriKey, whole bool) {
	cut := min(len(literal), apisix.MaxURI-1)
	for _, stop := range []string{"*", "${", "/:", "\x00"} {
		if i := strings.Index(literal[:cut], stop); i >= 0 {
			cut = i
		}
	}
	key = uriKey{path: strings.ToValidUTF8(literal[:cut], ""), prefix: !exact || cut < len(literal)}
	if key.prefix {
		key.path = strings.TrimRight(key.path, "/")
	}
	if !strings.HasPrefix(key.path, "/") {
		return everyPath, false
	}
	return key, key.path == literal
}
