package apisix

// Cors answers every OPTIONS request with 200 and adds the headers of cross-origin sharing to all answers, if the origin
// is allowed.
type Cors struct {
	Meta *Meta `json:"_meta,omitempty"`
	// AllowOrigins is "*" by default, which AllowCredential forbids; AllowOriginsByRegex (unanchored PCRE) alone decides
	// where it is set.
	AllowOrigins        string   `json:"allow_origins,omitempty"`
	AllowOriginsByRegex []string `json:"allow_origins_by_regex,omitempty"`
	// AllowMethods and AllowHeaders are always written: APISIX's default is "*".
	AllowMethods    string `json:"allow_methods"`
	AllowHeaders    string `json:"allow_headers"`
	ExposeHeaders   string `json:"expose_headers,omitempty"`
	MaxAge          *int   `json:"max_age,omitempty"` // seconds; nil is APISIX's default, 5
	AllowCredential bool   `json:"allow_credential,omitempty"`
}

// ResponseRewrite changes the headers of responses, those that the route gives by itself included.
type ResponseRewrite struct {
	Meta    *Meta            `json:"_meta,omitempty"`
	Headers *ResponseHeaders `json:"headers,omitempty"`
}

// ResponseHeaders are the header operations of ResponseRewrite. APISIX adds, then sets, then removes. Values are
// interpolated; see Literal.
type ResponseHeaders struct {
	// Add holds "name: value"; a value must not hold a ":" nor end in "/", or APISIX drops the whole route.
	Add    []string          `json:"add,omitempty"`
	Set    map[string]string `json:"set,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// Gzip compresses responses.
type Gzip struct {
	Types     []string `json:"types,omitempty"` // text/html by default
	MinLength int      `json:"min_length,omitempty"`
	CompLevel int      `json:"comp_level,omitempty"` // 1 to 9
}

// Brotli compresses responses. It is not among APISIX's default plugins.
type Brotli struct {
	Types     []string `json:"types,omitempty"`
	MinLength int      `json:"min_length,omitempty"`
	CompLevel *int     `json:"comp_level,omitempty"` // 0 to 11
}
