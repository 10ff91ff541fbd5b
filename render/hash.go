package render

import (
	"regexp"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// A hashKey is what APISIX's consistent hashing hashes. The zero value is none.
type hashKey struct {
	on  string // Upstream.HashOn
	key string // Upstream.Key
}

// hashName is what APISIX's schema allows as a name in a hash key.
var hashName = regexp.MustCompile(`^[a-zA-Z0-9-_]+$`)

// hash translates RouteAction.hash_policy for a cluster that hashes. Without any policy that can be expressed, Envoy and
// APISIX choose among all endpoints.
func (r *renderer) hash(cluster *clusterv3.Cluster, a *routev3.RouteAction, at *place) hashKey {
	if p := cluster.GetLbPolicy(); p != clusterv3.Cluster_RING_HASH && p != clusterv3.Cluster_MAGLEV {
		return hashKey{}
	}
	var keys []hashKey
	for _, policy := range a.GetHashPolicy() {
		if k, ok := r.hashPolicy(policy, at); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) < 2 {
		return append(keys, hashKey{})[0]
	}
	var combined strings.Builder
	for _, k := range keys {
		combined.WriteString("$" + map[string]string{"header": "http_", "cookie": "cookie_"}[k.on] +
			strings.ReplaceAll(k.key, "-", "_"))
	}
	return hashKey{on: "vars_combinations", key: combined.String()}
}

func (r *renderer) hashPolicy(p *routev3.RouteAction_HashPolicy, at *place) (hashKey, bool) {
	const field = "route.hash_policy"
	var k hashKey
	switch s := p.GetPolicySpecifier().(type) {
	case *routev3.RouteAction_HashPolicy_Header_:
		k = hashKey{"header", s.Header.GetHeaderName()}
		if s.Header.GetRegexRewrite() != nil {
			r.findings.approximate(at, field+".header.regex_rewrite", "the whole header is hashed")
		}
	case *routev3.RouteAction_HashPolicy_Cookie_:
		k = hashKey{"cookie", s.Cookie.GetName()}
		if s.Cookie.GetTtl() != nil {
			r.findings.dropped(at, field+".cookie.ttl", "APISIX does not make the cookie %q: clients without it are not kept together",
				s.Cookie.GetName())
		}
	case *routev3.RouteAction_HashPolicy_QueryParameter_:
		k = hashKey{"vars", "arg_" + s.QueryParameter.GetName()}
	case *routev3.RouteAction_HashPolicy_ConnectionProperties_:
		k = hashKey{"vars", "remote_addr"}
		if !s.ConnectionProperties.GetSourceIp() {
			return hashKey{}, false
		}
	}
	if !hashName.MatchString(k.key) {
		r.findings.dropped(at, field, "APISIX cannot hash this: endpoints are chosen without it")
		return hashKey{}, false
	}
	if p.GetTerminal() {
		r.findings.approximate(at, field+".terminal", "APISIX hashes all policies together")
	}
	return k, true
}
