//lint:file-ignore SA1019 Control planes still send the deprecated fields.

package render

import (
	"maps"
	"slices"

	rbacconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var rbacFields = tableOf(&rbacv3.RBAC{}, fields{
	"rules":                    partly("what APISIX cannot see is taken to refuse"),
	"matcher":                  refused("rules in the form of a matcher tree are not rendered: all requests are refused"),
	"rules_stat_prefix":        harmless("names statistics"),
	"shadow_rules":             partly("decide which requests are asked about elsewhere; what they would refuse is not recorded"),
	"shadow_matcher":           harmless("only records what it would do"),
	"shadow_rules_stat_prefix": harmless("names what shadow_rules record"),
	"track_per_rule_stats":     harmless("for statistics"),
})

var policyFields = tableOf(&rbacconfigv3.Policy{}, fields{
	"permissions":       unseen,
	"principals":        unseen,
	"condition":         refused("conditions in CEL are not rendered: what only they could clear is refused"),
	"checked_condition": refused("conditions in CEL are not rendered: what only they could clear is refused"),
	"cel_config":        refused("conditions in CEL are not rendered: what only they could clear is refused"),
})

// rbac translates the RBAC filter, Istio's AuthorizationPolicy. Envoy answers 403 "RBAC: access denied".
func (r *renderer) rbac(f filterUse, inner []variant) []variant {
	if refusesAll(inner) {
		return inner
	}
	at, field := f.place()
	config, ok := rbacConfig(f)
	if !ok {
		return r.unknownGuard(f, inner)
	}
	if config == nil {
		return inner // a route turns the filter off
	}
	rbacFields.check(config, at, field+" ", &r.findings)
	if config.GetMatcher() != nil {
		return []variant{refusal}
	}
	if rules := config.GetRules(); rules != nil {
		return guard(inner, r.refusedBy(f, rules), refusal)
	}
	return inner
}

// rbacConfig is the configuration in force; nil when a route turns the filter off. It is not ok when it cannot be read.
func rbacConfig(f filterUse) (config *rbacv3.RBAC, ok bool) {
	if f.own != nil {
		own := &rbacv3.RBACPerRoute{}
		err := f.own.UnmarshalTo(own)
		return own.GetRbac(), err == nil
	}
	config = &rbacv3.RBAC{}
	return config, f.config.UnmarshalTo(config) == nil
}

// networkRBAC translates the RBAC filter for connections. Envoy closes those that it refuses; their requests are
// answered 403 here.
func (r *renderer) networkRBAC(f filterUse, inner []variant) []variant {
	config := &networkrbacv3.RBAC{}
	switch {
	case f.config.UnmarshalTo(config) != nil || config.GetMatcher() != nil:
		return r.unknownGuard(f, inner)
	case config.GetRules() == nil:
		return inner
	}
	return guard(inner, r.refusedBy(f, config.GetRules()), refusal)
}

// refusedBy is the condition under which rules refuse a request. It is the same for all routes of a chain that configure
// none of its filters.
func (r *renderer) refusedBy(f filterUse, rules *rbacconfigv3.RBAC) formula {
	key := guardKey{f.chain, f.config}
	shared := f.own == nil && !slices.ContainsFunc(f.before, func(b filterUse) bool { return b.own != nil })
	if !shared {
		return r.judge(f, rules)
	}
	g, ok := r.guards[key]
	if !ok {
		w := r.fork()
		g.refuse = w.judge(f, rules)
		g.findings, g.reads = w.findings, w.reads
		r.guards[key] = g
	}
	r.findings.list = append(r.findings.list, g.findings.list...)
	r.reads.add(g.reads)
	return g.refuse
}

// A guarded is what a filter of a chain refuses, and what was found and read to know it: the same for each part that asks.
type guarded struct {
	refuse   formula
	findings findings
	reads    reads
}

// A guardKey is a filter of a chain.
type guardKey struct {
	chain  *httpChain
	config *anypb.Any
}

func (r *renderer) judge(f filterUse, rules *rbacconfigv3.RBAC) formula {
	if rules.GetAction() == rbacconfigv3.RBAC_LOG {
		return no
	}
	any, needs := r.policies(f, rules, func(string) bool { return true })
	if rules.GetAction() == rbacconfigv3.RBAC_DENY {
		return r.unmet(needs, f, any.may)
	}
	return r.unmet(needs, f, any.must.not())
}

// policies is the condition that one of those policies applies whose names are wanted, and what it needs.
func (r *renderer) policies(f filterUse, rules *rbacconfigv3.RBAC, wanted func(string) bool) (claim, needs) {
	var list []claim
	var all needs
	for _, name := range slices.Sorted(maps.Keys(rules.GetPolicies())) {
		if wanted(name) {
			one, n := r.policy(f, name, rules.GetPolicies()[name])
			list, all = append(list, one), needs{all.path || n.path, all.authority || n.authority}
		}
	}
	return anyClaim(list...), all
}

// policy is the condition of one policy, one of its permissions and one of its principals, and what it needs.
func (r *renderer) policy(f filterUse, name string, p *rbacconfigv3.Policy) (claim, needs) {
	at, field := f.place()
	w := witness{r: r, use: f, at: at, field: field + " policies[" + name + "]", needs: &needs{}}
	before := len(r.findings.list)
	lost := policyFields.lost(p, at, w.field+".", &r.findings)
	var permissions, principals []claim
	for _, one := range p.GetPermissions() {
		permissions = append(permissions, w.permission(one))
	}
	for _, one := range p.GetPrincipals() {
		principals = append(principals, w.principal(one))
	}
	out := allClaims(anyClaim(permissions...), anyClaim(principals...))
	if lost {
		out.must = no
	}
	if out.may.fixed == impossible || out.must.fixed == always {
		r.findings.list = r.findings.list[:before] // the rest of the policy does not matter
		return out, needs{}
	}
	return out, *w.needs
}

// needs is what must hold of a request so that APISIX sees in it what Envoy sees.
type needs struct {
	path      bool // the path is one that Envoy's normalisation leaves as it is
	authority bool // the request line names no host of its own, which Envoy would take for the Host header
}

// unmet is refuse, or that what a filter needs does not hold.
func (r *renderer) unmet(n needs, f filterUse, refuse formula) formula {
	if refuse.fixed != depends {
		return refuse
	}
	var parts []formula
	at, field := f.place()
	if plain := tame(f.chain.manager); n.path && plain.fixed == depends {
		r.findings.approximate(at, field, "a path that Envoy would normalise before it compares (dot segments, backslashes, "+
			"escaped letters) is refused")
		parts = append(parts, plain.not())
	}
	if n.authority {
		r.findings.approximate(at, field, "a request line that names a host of its own is refused")
		parts = append(parts, expression(apisix.Compare("request", apisix.OpRegex, `\A[^ ]+ /`)).not())
	}
	return anyOf(append(parts, refuse)...)
}

// A witness says of the conditions of one policy what APISIX can see of them.
type witness struct {
	r     *renderer
	use   filterUse
	at    *place
	field string
	needs *needs
}

// blind reports a condition of which nothing can be seen.
func (w witness) blind(condition, why string) claim {
	w.r.findings.denied(w.at, w.field+"."+condition, "%s: requests that only this condition could clear are refused", why)
	return hidden
}

// permission translates Permission.
func (w witness) permission(p *rbacconfigv3.Permission) claim {
	switch rule := p.GetRule().(type) {
	case *rbacconfigv3.Permission_Any:
		return known(constant(rule.Any))
	case *rbacconfigv3.Permission_AndRules:
		return allClaims(each(rule.AndRules.GetRules(), w.permission)...)
	case *rbacconfigv3.Permission_OrRules:
		return anyClaim(each(rule.OrRules.GetRules(), w.permission)...)
	case *rbacconfigv3.Permission_NotRule:
		return w.permission(rule.NotRule).not()
	case *rbacconfigv3.Permission_Header:
		return w.header(rule.Header)
	case *rbacconfigv3.Permission_UrlPath:
		return w.path(rule.UrlPath.GetPath())
	case *rbacconfigv3.Permission_UriTemplate:
		return w.template(rule.UriTemplate)
	case *rbacconfigv3.Permission_DestinationIp:
		return w.destinationIP(rule.DestinationIp)
	case *rbacconfigv3.Permission_DestinationPort:
		return w.destinationPort(rule.DestinationPort, rule.DestinationPort+1)
	case *rbacconfigv3.Permission_DestinationPortRange:
		return w.destinationPort(uint32(max(0, rule.DestinationPortRange.GetStart())), uint32(max(0, rule.DestinationPortRange.GetEnd())))
	case *rbacconfigv3.Permission_RequestedServerName:
		return w.noServerName(rule.RequestedServerName)
	case *rbacconfigv3.Permission_Metadata:
		return w.metadata(rule.Metadata)
	case *rbacconfigv3.Permission_SourcedMetadata:
		return w.sourced(rule.SourcedMetadata)
	}
	return w.blind("permissions", "a permission of this kind is not rendered")
}

// principal translates Principal.
func (w witness) principal(p *rbacconfigv3.Principal) claim {
	switch id := p.GetIdentifier().(type) {
	case *rbacconfigv3.Principal_Any:
		return known(constant(id.Any))
	case *rbacconfigv3.Principal_AndIds:
		return allClaims(each(id.AndIds.GetIds(), w.principal)...)
	case *rbacconfigv3.Principal_OrIds:
		return anyClaim(each(id.OrIds.GetIds(), w.principal)...)
	case *rbacconfigv3.Principal_NotId:
		return w.principal(id.NotId).not()
	case *rbacconfigv3.Principal_Header:
		return w.header(id.Header)
	case *rbacconfigv3.Principal_UrlPath:
		return w.path(id.UrlPath.GetPath())
	case *rbacconfigv3.Principal_Authenticated_:
		return known(no) // the connection is plain text: there is no peer certificate
	case *rbacconfigv3.Principal_SourceIp:
		return w.peer(id.SourceIp)
	case *rbacconfigv3.Principal_DirectRemoteIp:
		return w.peer(id.DirectRemoteIp)
	case *rbacconfigv3.Principal_RemoteIp:
		return w.remoteIP(id.RemoteIp)
	case *rbacconfigv3.Principal_FilterState:
		return w.filterState(id.FilterState)
	case *rbacconfigv3.Principal_Metadata:
		return w.metadata(id.Metadata)
	case *rbacconfigv3.Principal_SourcedMetadata:
		return w.sourced(id.SourcedMetadata)
	}
	return w.blind("principals", "a principal of this kind is not rendered")
}

func constant(b bool) formula {
	if b {
		return yes
	}
	return no
}

func each[T any](list []T, translate func(T) claim) []claim {
	out := make([]claim, len(list))
	for i, one := range list {
		out[i] = translate(one)
	}
	return out
}
