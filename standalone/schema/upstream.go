package schema

import "github.com/amesh-render/amesh-render/render/apisix"

// statuses are the answers that a health check counts.
var statuses = setOf(integer(200, 599))

var times = integer(1, apisix.MaxFailures)

var timesOrNever = integer(0, apisix.MaxFailures)

var protocol = oneOf("http", "https", "tcp")

var activeCheck = loosely(fields{
	"type":                     protocol,
	"timeout":                  anyNumber,
	"concurrency":              anyInteger,
	"host":                     host,
	"port":                     port,
	"http_method":              method,
	"http_path":                str(0, 0),
	"http_req_body":            str(0, 0),
	"https_verify_certificate": flag{},
	"req_headers":              someOf(str(0, 0)),
	"healthy":                  loosely(fields{"interval": atLeast(1), "http_statuses": statuses, "successes": times}),
	"unhealthy": loosely(fields{
		"interval": atLeast(1), "http_statuses": statuses, "http_failures": times, "tcp_failures": times, "timeouts": times,
	}),
})

var passiveCheck = loosely(fields{
	"type":    protocol,
	"healthy": loosely(fields{"http_statuses": statuses, "successes": timesOrNever}),
	"unhealthy": loosely(fields{
		"http_statuses": statuses, "http_failures": timesOrNever, "tcp_failures": timesOrNever, "timeouts": timesOrNever,
	}),
})

var weight = atLeast(0)

// nodes are a list, or a map from "host:port" to the weight.
var nodes = either{
	listOf(loosely(fields{
		"host": host, "port": port, "weight": weight, "priority": anyInteger, "metadata": object{others: free{}},
	}).needs("host", "weight")),
	mapTo(weight),
}

var upstream = described(fields{
	"nodes":          nodes,
	"service_name":   str(1, nameLength),
	"discovery_type": str(0, 0),
	"discovery_args": loosely(fields{"namespace_id": str(0, 0), "group_name": str(0, 0)}),
	"type":           str(0, 0),
	"hash_on":        oneOf("vars", "header", "cookie", "consumer", "vars_combinations"),
	"key":            str(0, 0),
	"scheme":         oneOf("grpc", "grpcs", "http", "https", "tcp", "tls", "udp", "kafka"),
	"pass_host":      oneOf("pass", "node", "rewrite"),
	"upstream_host":  host,
	"retries":        atLeast(0),
	"retry_timeout":  num{min: 0, max: anyNumber.max},
	"timeout":        timeout,
	"keepalive_pool": loosely(fields{
		"size": atLeast(1), "idle_timeout": num{min: 0, max: anyNumber.max}, "requests": atLeast(1),
	}),
	"tls": loosely(fields{"client_cert": pem, "client_key": pemKey, "client_cert_id": id, "verify": flag{}}).where(
		with("client_cert", "client_key"), with("client_key", "client_cert"), never("client_cert_id", "client_cert"),
	),
	"checks": loosely(fields{"active": activeCheck, "passive": passiveCheck}).needs("active"),
}).where(func(m map[string]any) (string, string) {
	switch discovered := has(m, "service_name", "discovery_type"); {
	case has(m, "nodes") && discovered:
		return "nodes", "must not be beside service_name and discovery_type"
	case !has(m, "nodes") && !discovered:
		return "", "nodes is missing, or else service_name and discovery_type"
	}
	return "", ""
})
