package render

import (
	"regexp"
	"slices"
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
	if balancingOf(cluster).kind != hashing {
		return hashKey{}
	}
	var keys []hashKey
	for i, policy := range a.GetHashPolicy() {
		k, ok := r.hashPolicy(policy, at)
		if !ok {
			continue
		}
		keys = append(keys, k)
		if policy.GetTerminal() && i < len(a.GetHashPolicy())-1 {
			r.findings.approximate(at, "route.hash_policy.terminal", "APISIX hashes all policies together")
		}
	}
	byAddress := slices.Contains(keys, sourceAddress)
	if len(keys) > 0 && !byAddress {
		r.findings.approximate(at, "route.hash_policy", "requests that have nothing to hash go by the address of the client, "+
			"in a sidecar all to one endpoint; Envoy spreads them")
	}
	if len(keys) < 2 {
		return append(keys, hashKey{})[0]
	}
	var combined strings.Builder
	for _, k := range keys {
		combined.WriteString("${" + k.variable() + "}")
	}
	return hashKey{on: "vars_combinations", key: combined.String()}
}

// sourceAddress hashes the address of the client, which APISIX also does where there is nothing else.
var sourceAddress = hashKey{"vars", "remote_addr"}

// variable is the name under which APISIX knows what is hashed.
func (k hashKey) variable() string {
	switch k.on {
	case "header":
		return "http_" + strings.ReplaceAll(strings.ToLower(k.key), "-", "_")
	case "cookie":
		return "cookie_" + k.key
	}
	return k.key
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
		k = sourceAddress
		if !s.ConnectionProperties.GetSourceIp() {
			return hashKey{}, false
		}
	}
	if !hashName.MatchString(k.key) {
		r.findings.dropped(at, field, "APISIX cannot hash this: endpoints are chosen without it")
		return hashKey{}, false
	}
	return k, true
}
