package schema

// The configurations of those plugins that package render/apisix has types for. APISIX ignores fields that a plugin does
// not know.

const headerName = `^[^:]+$`

var scalar = either{str(0, 0), anyNumber}

// headers is a map from the names of headers to what of is.
func headers(of Shape) object { return mapTo(of).forKeys(headerName).notEmpty() }

var headerNames = someOf(like(headerName, "is not the name of a header"))

// meta is what every plugin's configuration may have.
var meta = exactly(fields{
	"disable":        flag{},
	"error_response": either{str(0, 0), object{others: free{}}},
	"filter":         conditions{},
	"pre_function":   str(0, 0),
	"priority":       anyInteger,
})

func plugin(own fields) object {
	own["_meta"] = meta
	return loosely(own)
}

var percentage = integer(0, 100)

// occasions are the alternatives of conditions for a fault.
var occasions = listOf(conditions{}).upTo(20)

var origins = like(`^(\*|\*\*|null|\w+://[^,]+(,\w+://[^,]+)*)$`, "is neither *, **, null nor a list of origins")

var someTexts = setOf(str(1, 4096))

var requestHeaderValue = either{str(0, 0), anyNumber, someOf(scalar)}

var encodings = either{someOf(str(1, 0)), oneOf("*")}

var httpVersion = num{min: 1, max: 1.1, choice: []float64{1, 1.1}}

var replacements = listOf(str(0, 0))

var pluginShapes = map[string]object{
	"brotli": plugin(fields{
		"types": encodings, "min_length": atLeast(1), "mode": integer(0, 2), "comp_level": integer(0, 11),
		"lgwin":   num{max: 24, whole: true, choice: []float64{0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}},
		"lgblock": num{max: 24, whole: true, choice: []float64{0, 16, 17, 18, 19, 20, 21, 22, 23, 24}}, "http_version": httpVersion, "vary": flag{},
	}),
	"client-control": plugin(fields{"max_body_size": atLeast(0)}),
	"cors": plugin(fields{
		"allow_origins": origins, "allow_methods": str(0, 0), "allow_headers": str(0, 0), "expose_headers": str(0, 0),
		"max_age": anyInteger, "allow_credential": flag{}, "allow_origins_by_regex": someTexts,
		"allow_origins_by_metadata": someTexts, "timing_allow_origins": origins, "timing_allow_origins_by_regex": someTexts,
	}),
	"fault-injection": plugin(fields{
		"abort": loosely(fields{
			"http_status": atLeast(200), "body": str(0, 0), "headers": headers(scalar), "percentage": percentage, "vars": occasions,
		}).needs("http_status"),
		"delay": loosely(fields{
			"duration": num{min: 0, max: anyNumber.max}, "percentage": percentage, "vars": occasions,
		}).needs("duration"),
	}).notEmpty(),
	"forward-auth": plugin(fields{
		"uri": str(0, 0), "allow_degradation": flag{}, "status_on_error": integer(200, 599), "ssl_verify": flag{},
		"request_method": oneOf("GET", "POST"), "request_headers": replacements, "upstream_headers": replacements,
		"client_headers": replacements, "extra_headers": headers(str(0, 0)), "timeout": integer(1, 60000), "keepalive": flag{},
		"keepalive_timeout": atLeast(1000), "keepalive_pool": atLeast(1), "max_req_body_size": atLeast(1),
	}).needs("uri"),
	"gzip": plugin(fields{
		"types": encodings, "min_length": atLeast(1), "comp_level": integer(1, 9), "http_version": httpVersion, "vary": flag{},
		"buffers": loosely(fields{"number": atLeast(1), "size": atLeast(1)}),
	}),
	"limit-req":    limitReq,
	"proxy-mirror": proxyMirror,
	"proxy-rewrite": plugin(fields{
		"uri":       like(`^/`, "does not start with /").long(1, 4096),
		"method":    oneOf("GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS", "TRACE", "PATCH", "UNLOCK", "LOCK", "PROPFIND"),
		"regex_uri": list{of: str(0, 0), min: 2},
		"host":      like(`^[0-9a-zA-Z-.]+(:\d{1,5})?$`, "is not a host name that proxy-rewrite takes, perhaps with a port"),
		"headers": either{
			exactly(fields{"add": headers(requestHeaderValue), "set": headers(requestHeaderValue), "remove": headerNames}).notEmpty(),
			headers(scalar),
		},
		"use_real_request_uri_unsafe": flag{},
	}).notEmpty(),
	"redirect": plugin(fields{
		"uri": str(2, 0), "regex_uri": list{of: str(0, 0), min: 2, max: 2}, "http_to_https": flag{}, "ret_code": atLeast(200),
		"encode_uri": flag{}, "append_query_string": flag{},
	}).where(oneOrOther("uri", "regex_uri", "http_to_https")),
	"response-rewrite": responseRewrite,
	"traffic-split": plugin(fields{
		"rules": listOf(loosely(fields{
			"match": listOf(loosely(fields{"vars": conditions{}})),
			"weighted_upstreams": someOf(loosely(fields{
				"upstream_id": id, "upstream": upstream, "weight": weight,
			})).upTo(20),
		})),
	}),
}

var proxyMirror = plugin(fields{
	"host": like(`^(http(s)?|grpc(s)?)://([\da-zA-Z.-]+|\[[\da-fA-F:]+\])(:\d+)?$`, "is not scheme://host:port"),
	"path": like(`^/[^?&]+$`, "is not a path without query"), "path_concat_mode": oneOf("replace", "prefix"),
	"sample_ratio": num{min: 0.00001, max: 1},
}).needs("host")

// limitReq asks for a Redis host where policy is missing, although local is the default.
var limitReq = plugin(fields{
	"rate": seconds, "burst": num{min: 0, max: anyNumber.max}, "key": str(0, 0), "key_type": oneOf("var", "var_combination"),
	"policy": oneOf("redis", "redis-cluster", "local"), "rejected_code": integer(200, 599), "rejected_msg": str(1, 0),
	"nodelay": flag{}, "allow_degradation": flag{},
	"redis_host": str(2, 0), "redis_port": atLeast(1), "redis_username": str(1, 0), "redis_password": str(0, 0),
	"redis_database": atLeast(0), "redis_timeout": atLeast(1), "redis_ssl": flag{}, "redis_ssl_verify": flag{},
	"redis_keepalive_timeout": atLeast(1000), "redis_keepalive_pool": atLeast(1),
	"redis_cluster_nodes": someOf(str(2, 100)), "redis_cluster_name": str(0, 0), "redis_cluster_ssl": flag{},
	"redis_cluster_ssl_verify": flag{},
}).needs("rate", "burst", "key").where(func(m map[string]any) (string, string) {
	if is(m, "policy", "redis") && !has(m, "redis_host") && !has(m, "policy") {
		return "", "policy is missing, and APISIX then asks for a redis_host: write policy: local"
	}
	if m["policy"] == "redis" {
		return with("policy", "redis_host")(m)
	}
	if m["policy"] == "redis-cluster" {
		return with("policy", "redis_cluster_nodes", "redis_cluster_name")(m)
	}
	return "", ""
})

var responseRewrite = plugin(fields{
	"headers": either{
		loosely(fields{
			"add":    someOf(like(`^[^:]+:[^:]*[^/]$`, `is not "name: value" as APISIX takes it: without another ":" and no "/" at the end`)),
			"set":    headers(scalar),
			"remove": headerNames,
		}),
		headers(scalar),
	},
	"body": str(0, 0), "body_base64": flag{}, "status_code": integer(200, 598), "vars": conditions{},
	"max_resp_body_size": atLeast(1),
	"filters": someOf(loosely(fields{
		"regex": str(1, 0), "replace": str(0, 0), "scope": oneOf("once", "global"), "options": str(0, 0),
	}).needs("regex", "replace")),
}).where(never("body", "filters"))
