package apisix

// Redirect answers with a Location, in the rewrite phase. Exactly one of URI and RegexURI is set.
type Redirect struct {
	// URI is the Location. "$name" and "${name}" are interpolated, by rules of its own: a lone "$" is literal, backslashes
	// vanish but before "$".
	URI string `json:"uri,omitempty"`
	// RegexURI is a pattern and what replaces its first match in $uri (decoded, without query); "$1" is a capture, "$$" a
	// "$". Where the pattern does not match, the request is forwarded.
	RegexURI []string `json:"regex_uri,omitempty"`
	// HTTPToHTTPS answers requests by plain HTTP: 301 to GET and HEAD, 308 to others, whatever RetCode says. Those by HTTPS
	// are forwarded.
	HTTPToHTTPS bool `json:"http_to_https,omitempty"`
	// RetCode is the status; APISIX's default is 302.
	RetCode int `json:"ret_code,omitempty"`
	// EncodeURI escapes the result, up to its query.
	EncodeURI bool `json:"encode_uri,omitempty"`
	// AppendQueryString adds the request's query.
	AppendQueryString bool `json:"append_query_string,omitempty"`
}

// ProxyRewrite changes the request on its way to the upstream, in the rewrite phase.
//
// Whatever else it does, it replaces the target that the client sent by $uri, encoded anew, unless UseRealRequestURI.
type ProxyRewrite struct {
	Meta *Meta `json:"_meta,omitempty"`
	// URI replaces the path. "$name" is interpolated.
	URI string `json:"uri,omitempty"`
	// RegexURI is a pattern and what replaces its first match in $uri, as in Redirect. A "?" in the replacement starts the
	// query, to which the request's own is joined by "&".
	RegexURI []string `json:"regex_uri,omitempty"`
	// Host is the Host header for the upstream: ^[0-9a-zA-Z-.]+(:\d{1,5})?$, without interpolation.
	Host string `json:"host,omitempty"`
	// UseRealRequestURI keeps the target as the client sent it. Never set it beside RegexURI: a path that is spelt
	// otherwise selects the route and evades the rewrite; and gRPC upstreams get the target as it was sent in any case.
	UseRealRequestURI bool            `json:"use_real_request_uri_unsafe,omitempty"`
	Headers           *RequestHeaders `json:"headers,omitempty"`
}

// RequestHeaders are the header operations of ProxyRewrite. APISIX adds, then sets, then removes. Values are interpolated;
// see Literal.
type RequestHeaders struct {
	// Add and Set hold a string or, for several headers of one name, a []any of strings.
	Add    map[string]any `json:"add,omitempty"`
	Set    map[string]any `json:"set,omitempty"`
	Remove []string       `json:"remove,omitempty"`
}

// ProxyMirror sends a copy of the request elsewhere, and drops the answer.
type ProxyMirror struct {
	Meta *Meta `json:"_meta,omitempty"`
	// Host is scheme://name-or-address:port, without interpolation.
	Host string `json:"host"`
	// SampleRatio is the share of requests that are copied, 0.00001 to 1; 0 is left out and means 1.
	SampleRatio float64 `json:"sample_ratio,omitempty"`
}

// ForwardAuth asks a server whether a request may pass, in the access phase: a status below 300 is yes.
type ForwardAuth struct {
	URI           string `json:"uri"`
	RequestMethod string `json:"request_method,omitempty"` // GET or POST
	// RequestHeaders of the client go to the server, UpstreamHeaders of its answer to the upstream, ClientHeaders of a
	// refusal to the client.
	RequestHeaders  []string          `json:"request_headers,omitempty"`
	UpstreamHeaders []string          `json:"upstream_headers,omitempty"`
	ClientHeaders   []string          `json:"client_headers,omitempty"`
	ExtraHeaders    map[string]string `json:"extra_headers,omitempty"` // interpolated
	Timeout         int               `json:"timeout,omitempty"`       // milliseconds, 1 to 60000
	StatusOnError   int               `json:"status_on_error,omitempty"`
	// AllowDegradation lets requests pass while the server cannot be reached.
	AllowDegradation bool `json:"allow_degradation,omitempty"`
	KeepAlive        bool `json:"keepalive"`
}

// LimitReq limits the rate of requests, in the access phase (a leaky bucket, shared by all workers of an APISIX).
type LimitReq struct {
	Meta  *Meta   `json:"_meta,omitempty"`
	Rate  float64 `json:"rate"`  // per second, more than 0
	Burst float64 `json:"burst"` // beyond the rate, 0 or more
	// Policy says where the counters are: local. It is always written, as the schema asks for a Redis host without it.
	Policy       string `json:"policy"`
	KeyType      string `json:"key_type,omitempty"`
	Key          string `json:"key"` // a variable; requests with one value share a bucket
	RejectedCode int    `json:"rejected_code,omitempty"`
	NoDelay      bool   `json:"nodelay,omitempty"`
}

// ClientControl limits the size of request bodies.
type ClientControl struct {
	MaxBodySize int `json:"max_body_size"` // bytes; 0 is no limit
}
