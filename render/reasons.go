package render

// likeRE2 is how regular expressions differ, which APISIX gives to PCRE.
const likeRE2 = "regular expressions go byte by byte, and give up when they take too many steps"

// What becomes of fields that stand in several messages, or for several times the same.
var (
	ownRegex            = partly(likeRE2)
	asFilters           = composedOf("as the list of HTTP filters says")
	someHeaders         = partly("some headers cannot be changed")
	someValues          = partly("some values cannot be added beside others")
	someHosts           = partly("a host that APISIX cannot send is not taken: the Host header stays as it came")
	decodedPath         = partly("the decoded path is compared, with slashes merged")
	decodedQuery        = partly("names and values are decoded before they are compared")
	ownClientWait       = partly("waits for the upstream are limited; those for the client are in APISIX's config.yaml")
	originalDestination = partly("the address that a client dialled is known as --original-dst says")
	noTLS               = reported(Dropped, "TLS connections are not served")
	unknownAction       = reported(Dropped, "the route's action is not rendered: the requests are answered 503")
	unseen              = partly("what APISIX cannot see is taken to refuse")
)

// What becomes of fields of clusters.
var (
	ownOrder       = partly("which endpoint comes next, and which one a client hashes to, is each proxy's own")
	ownFamilies    = partly("IPv4 and IPv6 addresses are asked for in the order of dns_resolver in APISIX's config.yaml")
	http2ForGRPC   = partly("HTTP/2 is for gRPC only: other requests are sent with HTTP/1.1")
	roundedWeights = partly("weights may be rounded to thousandths of the largest")
	callsAll       = partly("when all endpoints have failed their checks, APISIX calls them all")
	checkedAlike   = partly("APISIX checks all endpoints of a cluster alike")
	retriedOnly    = partly("attempts without an answer count only where they are retried")
	noQueue        = reported(Dropped, "APISIX sends on every request at once, where Envoy answers 503 or waits")
)

const (
	unverifiedEndpoints = "endpoints whose certificate Envoy would verify get no requests, unless --upstream-tls says otherwise"
	wholeIntervals      = "whole seconds, from the first request on"
)
