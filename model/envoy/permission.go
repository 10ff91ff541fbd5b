//lint:file-ignore SA1019 Control planes still send source_ip and metadata.

package envoy

import (
	"net/netip"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	configv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/model"
)

// permission is what a policy says of the request.
func permission(msg *configv3.Permission) predicate {
	switch rule := msg.GetRule().(type) {
	case *configv3.Permission_Any:
		return constant(model.Holds(rule.Any))
	case *configv3.Permission_AndRules:
		return all(each(rule.AndRules.GetRules(), permission))
	case *configv3.Permission_OrRules:
		return either(each(rule.OrRules.GetRules(), permission))
	case *configv3.Permission_NotRule:
		return not(permission(rule.NotRule))
	case *configv3.Permission_Header:
		return header(rule.Header)
	case *configv3.Permission_UrlPath:
		return urlPath(rule.UrlPath)
	case *configv3.Permission_UriTemplate:
		path := template(rule.UriTemplate)
		return func(r *request) model.Verdict { return path.holds(r.path) }
	case *configv3.Permission_DestinationIp:
		return within(rule.DestinationIp, func(r *request) netip.AddrPort { return r.local })
	case *configv3.Permission_DestinationPort:
		return holds(func(r *request) bool { return uint32(r.local.Port()) == rule.DestinationPort })
	case *configv3.Permission_DestinationPortRange:
		return holds(func(r *request) bool {
			port := int32(r.local.Port())
			return rule.DestinationPortRange.GetStart() <= port && port < rule.DestinationPortRange.GetEnd()
		})
	case *configv3.Permission_RequestedServerName:
		name := newText(rule.RequestedServerName)
		return func(r *request) model.Verdict { return name.holds(r.serverName()) }
	case *configv3.Permission_Metadata:
		return metadata(rule.Metadata)
	}
	return constant(model.Unknown)
}

// principal is what a policy says of who asks.
func principal(msg *configv3.Principal) predicate {
	switch id := msg.GetIdentifier().(type) {
	case *configv3.Principal_Any:
		return constant(model.Holds(id.Any))
	case *configv3.Principal_AndIds:
		return all(each(id.AndIds.GetIds(), principal))
	case *configv3.Principal_OrIds:
		return either(each(id.OrIds.GetIds(), principal))
	case *configv3.Principal_NotId:
		return not(principal(id.NotId))
	case *configv3.Principal_Header:
		return header(id.Header)
	case *configv3.Principal_UrlPath:
		return urlPath(id.UrlPath)
	case *configv3.Principal_SourceIp:
		return within(id.SourceIp, func(r *request) netip.AddrPort { return r.Remote })
	case *configv3.Principal_DirectRemoteIp:
		return within(id.DirectRemoteIp, func(r *request) netip.AddrPort { return r.Remote })
	case *configv3.Principal_RemoteIp:
		return within(id.RemoteIp, func(r *request) netip.AddrPort { return r.client })
	case *configv3.Principal_Authenticated_, *configv3.Principal_FilterState:
		return ofTLS // filter state, as istiod asks for it, holds what the handshake told
	case *configv3.Principal_Metadata:
		return metadata(id.Metadata)
	}
	return constant(model.Unknown)
}

// ofTLS is a condition on what a TLS handshake tells. It does not hold for a plaintext connection; for others the model
// does not know who the peer is.
func ofTLS(r *request) model.Verdict {
	if r.TLS == nil {
		return model.No
	}
	return model.Unknown
}

func header(msg *routev3.HeaderMatcher) predicate { return headerCondition(msg).holds }

// urlPath looks at the path without its query.
func urlPath(msg *matcherv3.PathMatcher) predicate {
	path := newText(msg.GetPath())
	return func(r *request) model.Verdict { return path.holds(r.path) }
}

// within says whether an address is in the range. One that is not known is not.
func within(msg *corev3.CidrRange, address func(*request) netip.AddrPort) predicate {
	network := prefix(msg)
	return holds(func(r *request) bool { return network.Contains(address(r).Addr().Unmap()) })
}

// metadata is a condition on dynamic metadata. Only a verified JWT puts any there, and a request with one is undecided
// before it comes here; so there is none, which no value matches. What RBAC's own rules record is not modelled.
func metadata(msg *matcherv3.MetadataMatcher) predicate {
	if strings.HasPrefix(msg.GetFilter(), "envoy.filters.http.rbac") || msg.GetFilter() == "envoy.common" {
		return constant(model.Unknown)
	}
	return constant(model.Holds(msg.GetInvert()))
}

// serverName is the SNI, "" on a plaintext connection.
func (r *request) serverName() string {
	if r.TLS == nil {
		return ""
	}
	return r.TLS.ServerName
}
