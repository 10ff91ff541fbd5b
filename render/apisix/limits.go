package apisix

// APISIX's limits. Lengths are in characters: the JSON schema library that APISIX uses counts UTF-8 characters, not bytes.
const (
	MaxID    = 64   // an id: ^[a-zA-Z0-9-_.]+$
	MaxText  = 256  // a name, a desc, a label's value
	MaxURI   = 4096 // a route's uri
	MaxSplit = 20   // the entries of one traffic-split rule

	// MaxKey is how long the key of an object may be in the encoded text, in bytes with quotes and escapes; libyaml
	// refuses the whole file beyond it.
	MaxKey = 1024

	// maxExact is the largest magnitude up to which Lua's numbers, which are doubles, hold every integer.
	maxExact = 1 << 53
)

// Methods are the request methods that a route can be limited to. A route that names another is dropped.
var Methods = []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE"}
