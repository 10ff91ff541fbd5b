package render

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var healthCheckFields = tableOf(&corev3.HealthCheck{}, fields{
	"timeout":                          rendered,
	"interval":                         partly(wholeIntervals),
	"unhealthy_interval":               partly(wholeIntervals),
	"unhealthy_threshold":              partly("APISIX counts to 254"),
	"healthy_threshold":                partly("APISIX counts to 254"),
	"alt_port":                         rendered,
	"http_health_check":                composed,
	"tcp_health_check":                 composed,
	"grpc_health_check":                lost("APISIX has no gRPC health checks: endpoints are not checked"),
	"custom_health_check":              lost("APISIX has no such health check: endpoints are not checked"),
	"unhealthy_edge_interval":          near("the first check after a failure comes after the usual interval"),
	"healthy_edge_interval":            near("the first check after a success comes after the usual interval"),
	"no_traffic_interval":              near("endpoints are checked at the usual interval from the first request on, not before"),
	"no_traffic_healthy_interval":      near("endpoints are checked at the usual interval from the first request on, not before"),
	"initial_jitter":                   harmless("spreads the checks"),
	"interval_jitter":                  harmless("spreads the checks"),
	"interval_jitter_percent":          harmless("spreads the checks"),
	"reuse_connection":                 harmless("each check has a connection of its own"),
	"event_log_path":                   harmless("for logs"),
	"event_logger":                     harmless("for logs"),
	"event_service":                    harmless("for logs"),
	"always_log_health_check_failures": harmless("for logs"),
	"always_log_health_check_success":  harmless("for logs"),
	"tls_options":                      near("checks are not made over TLS"),
	"transport_socket_match_criteria":  near("checks are made in plain text"),
})

var httpCheckFields = tableOf(&corev3.HealthCheck_HttpHealthCheck{}, fields{
	"host":                      partly("endpoints that are names are checked by their own name"),
	"path":                      partly("for a path that APISIX cannot ask for, checks ask for /"),
	"method":                    partly("for a method that APISIX's checks do not have, endpoints are only connected to"),
	"expected_statuses":         partly("from 200 to 599, and unusual statuses count for nothing"),
	"retriable_statuses":        partly("where there are any, all unexpected statuses count like them"),
	"request_headers_to_add":    partly("headers with command operators, and Host, are left out"),
	"codec_client_type":         partly("for HTTP/2, endpoints are only connected to"),
	"send":                      lost("checks have no body"),
	"receive":                   lost("the body of the answer to a check does not matter"),
	"response_buffer_size":      harmless("concerns the body of the answer to a check"),
	"request_headers_to_remove": near("checks have the headers that APISIX gives them"),
	"service_name_matcher":      lost("the answer to a check need not name the service"),
})

var tcpCheckFields = tableOf(&corev3.HealthCheck_TcpHealthCheck{}, fields{
	"send":                  near("an endpoint is healthy if it can be connected to: nothing is sent"),
	"receive":               near("an endpoint is healthy if it can be connected to, whatever it answers"),
	"proxy_protocol_config": near("checks do not speak the PROXY protocol"),
})

// activeCheck translates Cluster.health_checks, of which Envoy takes one; not ok when there is none that APISIX has.
func (r *renderer) activeCheck(up *apisix.Upstream, c *clusterv3.Cluster, endpoints []*endpointv3.LbEndpoint, at *place) (*apisix.ActiveCheck, bool) {
	if len(c.GetHealthChecks()) == 0 {
		return nil, false
	}
	const field = "health_checks."
	h := c.GetHealthChecks()[0]
	healthCheckFields.check(h, at, field, &r.findings)
	if max(h.GetUnhealthyThreshold().GetValue(), h.GetHealthyThreshold().GetValue()) > mostFailures {
		r.findings.approximate(at, field+"unhealthy_threshold", "APISIX counts to %d: so many checks decide", mostFailures)
	}
	check := probe(h)
	switch kind := h.GetHealthChecker().(type) {
	case *corev3.HealthCheck_HttpHealthCheck_:
		httpCheckFields.check(kind.HttpHealthCheck, at, field+"http_health_check.", &r.findings)
		if why := onlyConnects(up, kind.HttpHealthCheck); why != "" {
			r.findings.approximate(at, field+"http_health_check", "endpoints are only checked for whether they can be connected to, as %s", why)
			break
		}
		r.httpCheck(check, c, h, kind.HttpHealthCheck, at)
	case *corev3.HealthCheck_TcpHealthCheck_:
		tcpCheckFields.check(kind.TcpHealthCheck, at, field+"tcp_health_check.", &r.findings)
	default:
		return nil, false
	}
	if !r.endpointChecks(check, endpoints, at) {
		return nil, false
	}
	return check, true
}

// onlyConnects is why an HTTP check is made as a TCP check.
func onlyConnects(up *apisix.Upstream, h *corev3.HealthCheck_HttpHealthCheck) string {
	switch {
	case up.Scheme == "https" || up.Scheme == "grpcs":
		return "checks over TLS would verify certificates by rules of their own"
	case up.Scheme == "grpc" || h.GetCodecClientType() != typev3.CodecClientType_HTTP1:
		return "checks speak HTTP/1.1 only"
	case h.GetMethod() != corev3.RequestMethod_METHOD_UNSPECIFIED && !slices.Contains(apisix.Methods, h.GetMethod().String()):
		return "APISIX's checks have no method " + h.GetMethod().String()
	}
	return ""
}

// probe is the check that an endpoint can be connected to, with the times and thresholds of any check.
func probe(h *corev3.HealthCheck) *apisix.ActiveCheck {
	bad := threshold(h.GetUnhealthyThreshold())
	unhealthy := h.GetInterval()
	if d := h.GetUnhealthyInterval(); d.AsDuration() > 0 {
		unhealthy = d
	}
	check := &apisix.ActiveCheck{
		Type:      "tcp",
		Timeout:   seconds(max(0, h.GetTimeout().AsDuration())),
		Healthy:   &apisix.HealthyProbe{Interval: wholeSeconds(h.GetInterval().AsDuration()), Successes: threshold(h.GetHealthyThreshold())},
		Unhealthy: &apisix.UnhealthyProbe{Interval: wholeSeconds(positive(unhealthy)), TCPFailures: bad, Timeouts: bad},
	}
	if p := h.GetAltPort().GetValue(); p > 0 && p < 1<<16 {
		check.Port = int(p)
	}
	return check
}

func positive(d *durationpb.Duration) time.Duration { return max(0, d.AsDuration()) }

// threshold is a number of checks as APISIX takes it.
func threshold(n *wrapperspb.UInt32Value) int { return int(min(max(1, n.GetValue()), mostFailures)) }

// httpCheck makes a check one over HTTP. In Envoy one answer with another status than those expected makes an endpoint
// unhealthy, unless it is one of retriable_statuses; 200 alone is expected by default.
func (r *renderer) httpCheck(check *apisix.ActiveCheck, c *clusterv3.Cluster, all *corev3.HealthCheck, h *corev3.HealthCheck_HttpHealthCheck, at *place) {
	const field = "health_checks.http_health_check."
	check.Type, check.HTTPPath, check.Unhealthy.HTTPFailures = "http", h.GetPath(), 1
	if m := h.GetMethod(); m != corev3.RequestMethod_METHOD_UNSPECIFIED && m != corev3.RequestMethod_GET {
		check.HTTPMethod = m.String()
	}
	if !strings.HasPrefix(check.HTTPPath, "/") || strings.Contains(check.HTTPPath, " ") || !isLine(check.HTTPPath) {
		check.HTTPPath = "/"
		r.findings.approximate(at, field+"path", "the path %.100q cannot be asked for: checks ask for /", h.GetPath())
	}
	good := []int{200}
	if len(h.GetExpectedStatuses()) > 0 {
		good = statusesIn(h.GetExpectedStatuses())
	}
	if len(good) == 0 {
		good = []int{200}
		r.findings.approximate(at, field+"expected_statuses", "APISIX knows statuses from 200 to 599: only 200 is expected")
	}
	check.Healthy.HTTPStatuses = good
	if len(h.GetRetriableStatuses()) > 0 {
		check.Unhealthy.HTTPFailures = check.Unhealthy.TCPFailures
		r.findings.approximate(at, field+"retriable_statuses", "%d answers in a row with any unexpected status make an endpoint unhealthy", check.Unhealthy.HTTPFailures)
	}
	check.Unhealthy.HTTPStatuses = without(usualStatuses, good)
	if len(check.Unhealthy.HTTPStatuses) == 0 {
		check.Unhealthy.HTTPStatuses = []int{599}
	}
	check.Host = r.checkHost(c, h, at)
	check.ReqHeaders = r.checkHeaders(h, at)
}

// statusesIn are the statuses of ranges that APISIX knows.
func statusesIn(ranges []*typev3.Int64Range) []int {
	var list []int
	for _, span := range ranges {
		for s := max(200, span.GetStart()); s < min(600, span.GetEnd()); s++ {
			list = append(list, int(s))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// checkHost is the Host header of checks: the cluster's name where the check does not set one. APISIX asks nodes that
// have names by their names, whatever it is told.
func (r *renderer) checkHost(c *clusterv3.Cluster, h *corev3.HealthCheck_HttpHealthCheck, at *place) string {
	const field = "health_checks.http_health_check.host"
	host := h.GetHost()
	if host == "" {
		host = c.GetName()
	}
	assignment, _ := r.assignment(c)
	switch {
	case named(assignment):
		r.findings.approximate(at, field, "checks have the endpoint's name as Host header, not %.100q", host)
	case apisix.IsNodeHost(host):
		return host
	default:
		r.findings.approximate(at, field, "checks have the endpoint's address as Host header, not %.100q", host)
	}
	return ""
}

// checkHeaders are the headers of checks. Envoy's command operators have no counterpart.
func (r *renderer) checkHeaders(h *corev3.HealthCheck_HttpHealthCheck, at *place) []string {
	var list []string
	for _, o := range h.GetRequestHeadersToAdd() {
		name, value := o.GetHeader().GetKey(), o.GetHeader().GetValue()
		if value == "" {
			value = string(o.GetHeader().GetRawValue())
		}
		if strings.HasPrefix(name, ":") || strings.EqualFold(name, "host") || !isToken(name) || strings.Contains(value, "%") || !isLine(value) {
			r.findings.dropped(at, "health_checks.http_health_check.request_headers_to_add", "checks do not have the header %.100q", name)
			continue
		}
		list = append(list, name+": "+value)
	}
	return list
}

// isLine reports whether a text can stand in one line of a request, and reaches APISIX as it is.
func isLine(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "${{") && !strings.ContainsFunc(s, unicode.IsControl)
}
