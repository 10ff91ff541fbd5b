//lint:file-ignore SA1019 Control planes still send the deprecated fields.

package modeltest

import (
	"fmt"
	"math/rand/v2"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func rbacPerRoute(rng *rand.Rand) *httprbacv3.RBACPerRoute {
	if oneIn(rng, 3) {
		return &httprbacv3.RBACPerRoute{}
	}
	return &httprbacv3.RBACPerRoute{Rbac: &httprbacv3.RBAC{Rules: rules(rng)}}
}

// rules draws one to three policies.
func rules(rng *rand.Rand) *rbacv3.RBAC {
	out := &rbacv3.RBAC{
		Action: pick(rng, rbacv3.RBAC_ALLOW, rbacv3.RBAC_DENY, rbacv3.RBAC_DENY, rbacv3.RBAC_LOG), Policies: map[string]*rbacv3.Policy{},
	}
	for i := range 1 + rng.IntN(3) {
		p := &rbacv3.Policy{Permissions: []*rbacv3.Permission{permission(rng, 2)}, Principals: []*rbacv3.Principal{principal(rng, 2)}}
		if oneIn(rng, 4) {
			p.Permissions = append(p.Permissions, permission(rng, 1))
		}
		out.Policies[fmt.Sprintf("p%d", i)] = p
	}
	return out
}

// permission draws a permission of at most that depth.
func permission(rng *rand.Rand, depth int) *rbacv3.Permission {
	if depth > 0 && oneIn(rng, 3) {
		set := &rbacv3.Permission_Set{Rules: []*rbacv3.Permission{permission(rng, depth-1), permission(rng, depth-1)}}
		switch rng.IntN(3) {
		case 0:
			return &rbacv3.Permission{Rule: &rbacv3.Permission_AndRules{AndRules: set}}
		case 1:
			return &rbacv3.Permission{Rule: &rbacv3.Permission_OrRules{OrRules: set}}
		}
		return &rbacv3.Permission{Rule: &rbacv3.Permission_NotRule{NotRule: permission(rng, depth-1)}}
	}
	switch rng.IntN(12) {
	case 0, 1:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_Header{Header: ruleHeader(rng)}}
	case 2, 3, 4:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_UrlPath{UrlPath: pathMatcher(rng)}}
	case 5:
		port := uint32(pick(rng, Ports...))
		return &rbacv3.Permission{Rule: &rbacv3.Permission_DestinationPort{DestinationPort: port}}
	case 6:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_DestinationIp{DestinationIp: cidr(rng, PodIP, ServiceIP)}}
	case 7:
		start := int32(pick(rng, Ports...)) - int32(rng.IntN(2))
		return &rbacv3.Permission{Rule: &rbacv3.Permission_DestinationPortRange{
			DestinationPortRange: &typev3.Int32Range{Start: start, End: start + 1 + int32(rng.IntN(2))},
		}}
	case 8:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_RequestedServerName{RequestedServerName: text(rng, pick(rng, "", "a"))}}
	case 9:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_Metadata{Metadata: tokenMetadata(rng)}}
	case 10:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_UriTemplate{UriTemplate: &corev3.TypedExtensionConfig{
			Name:        "uri-template",
			TypedConfig: packed(&templatev3.UriTemplateMatchConfig{PathTemplate: pick(rng, "/a/*", "/*/b", "/a/**", "/*/a/**")}),
		}}}
	}
	return &rbacv3.Permission{Rule: &rbacv3.Permission_Any{Any: true}}
}

func pathMatcher(rng *rand.Rand) *matcherv3.PathMatcher {
	m := text(rng, path(rng))
	if m.GetSafeRegex() != nil {
		m.MatchPattern = &matcherv3.StringMatcher_SafeRegex{SafeRegex: regexOf(pathRegex(rng))}
	}
	return &matcherv3.PathMatcher{Rule: &matcherv3.PathMatcher_Path{Path: m}}
}

// principal draws a principal of at most that depth.
func principal(rng *rand.Rand, depth int) *rbacv3.Principal {
	if depth > 0 && oneIn(rng, 3) {
		set := &rbacv3.Principal_Set{Ids: []*rbacv3.Principal{principal(rng, depth-1), principal(rng, depth-1)}}
		switch rng.IntN(3) {
		case 0:
			return &rbacv3.Principal{Identifier: &rbacv3.Principal_AndIds{AndIds: set}}
		case 1:
			return &rbacv3.Principal{Identifier: &rbacv3.Principal_OrIds{OrIds: set}}
		}
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_NotId{NotId: principal(rng, depth-1)}}
	}
	switch rng.IntN(10) {
	case 5:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_SourceIp{SourceIp: cidr(rng, Clients...)}}
	case 6:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_UrlPath{UrlPath: pathMatcher(rng)}}
	case 7:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_FilterState{FilterState: &matcherv3.FilterStateMatcher{
			Key: "io.istio.peer_principal", Matcher: &matcherv3.FilterStateMatcher_StringMatch{StringMatch: text(rng, "spiffe://a")},
		}}}
	case 0:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_DirectRemoteIp{DirectRemoteIp: cidr(rng, Clients...)}}
	case 1:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_RemoteIp{RemoteIp: cidr(rng, Clients...)}}
	case 2:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{
			PrincipalName: text(rng, "spiffe://a"),
		}}}
	case 3:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_Header{Header: ruleHeader(rng)}}
	case 4:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_Metadata{Metadata: tokenMetadata(rng)}}
	}
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_Any{Any: true}}
}

// tokenMetadata draws a condition on what a verified token would have left.
func tokenMetadata(rng *rand.Rand) *matcherv3.MetadataMatcher {
	return &matcherv3.MetadataMatcher{
		Filter: jwtName, Path: []*matcherv3.MetadataMatcher_PathSegment{{
			Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: "payload"},
		}},
		Value:  &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_PresentMatch{PresentMatch: !oneIn(rng, 4)}},
		Invert: oneIn(rng, 4),
	}
}

// ruleHeader draws a condition on a header, or on what stands among the headers.
func ruleHeader(rng *rand.Rand) *routev3.HeaderMatcher {
	m := header(rng)
	if oneIn(rng, 12) {
		m.Name = "x.a" // nginx drops such headers
	}
	if !oneIn(rng, 3) {
		return m
	}
	value := path(rng)
	m.Name = ":path"
	if oneIn(rng, 2) {
		m.Name, value = pick(rng, ":authority", "host"), pick(rng, "a.test", "x-a.test", "a", "A.TEST:80")
	}
	m.HeaderMatchSpecifier = &routev3.HeaderMatcher_StringMatch{StringMatch: text(rng, value)}
	return m
}

// Clients are addresses from which requests come, by their connection or by X-Forwarded-For.
var Clients = []string{"10.3.0.1", "10.3.0.77", "192.0.2.200", "2001:db8::1"}

// cidr draws a range around one of the addresses.
func cidr(rng *rand.Rand, addresses ...string) *corev3.CidrRange {
	bits := pick[uint32](rng, 0, 8, 20, 25, 29, 31, 32)
	return &corev3.CidrRange{AddressPrefix: pick(rng, addresses...), PrefixLen: wrapperspb.UInt32(bits)}
}
