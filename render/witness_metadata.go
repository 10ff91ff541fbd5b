package render

import (
	rbacconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// metadata is the condition on what filters have found out. Of that APISIX knows what it lacks: without a token there is
// no verified claim, and a condition on a value that is not there does not hold.
func (w witness) metadata(m *matcherv3.MetadataMatcher) claim {
	const verified = "envoy.filters.http.jwt_authn"
	if m.GetFilter() != verified {
		return w.blind("metadata", "APISIX has no metadata of "+m.GetFilter())
	}
	tokens := no
	for _, f := range w.use.before {
		if f.kind.listener == "jwt_authn.v3.JwtAuthentication" {
			tokens = anyOf(tokens, w.r.tokens(f))
		}
	}
	if tokens.fixed != impossible {
		w.r.findings.denied(w.at, w.field+".metadata",
			"APISIX cannot check tokens: of a request that carries one it does not know the claims, and lets none pass for them")
	}
	return known(constant(m.GetInvert())).unless(tokens)
}

// sourced is the condition on metadata of the route or of filters.
func (w witness) sourced(m *rbacconfigv3.SourcedMetadata) claim {
	if m.GetMetadataSource() == rbacconfigv3.MetadataSource_DYNAMIC {
		return w.metadata(m.GetMetadataMatcher())
	}
	return w.blind("sourced_metadata", "metadata of the route is not rendered")
}

// filterState is the condition on what filters keep of a connection. Istio keeps the identity of the peer there, which a
// connection in plain text has none of.
func (w witness) filterState(m *matcherv3.FilterStateMatcher) claim {
	if m.GetKey() == "io.istio.peer_principal" {
		return known(no)
	}
	return w.blind("filter_state", "APISIX has no filter state "+m.GetKey())
}
