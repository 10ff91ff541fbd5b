package modeltest

import (
	"math/rand/v2"

	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
)

// The names of filters, by which routes configure them.
const (
	jwtName   = "envoy.filters.http.jwt_authn"
	rbacName  = "envoy.filters.http.rbac"
	faultName = "envoy.filters.http.fault"
	corsName  = "envoy.filters.http.cors"
)

// wideManager is what a connection manager adds to its routes.
type wideManager struct {
	filters          []*hcmv3.HttpFilter
	useRemoteAddress bool
	trustedHops      uint32
	mergeSlashes     bool
	keepPaths        bool // paths are not normalised
}

// drawManager draws a connection manager with filters in istiod's order.
func drawManager(rng *rand.Rand) wideManager {
	m := wideManager{mergeSlashes: oneIn(rng, 8), keepPaths: oneIn(rng, 8)}
	if oneIn(rng, 3) {
		m.useRemoteAddress, m.trustedHops = oneIn(rng, 2), uint32(rng.IntN(3))
	}
	if oneIn(rng, 4) {
		m.filters = append(m.filters, filter(jwtName, jwt(rng)))
	}
	for range pick(rng, 0, 0, 1, 1, 2) {
		m.filters = append(m.filters, filter(rbacName, &httprbacv3.RBAC{Rules: rules(rng)}))
	}
	if len(m.filters) == 0 && oneIn(rng, 2) { // off, unless a route turns it on
		off := filter(rbacName, &httprbacv3.RBAC{Rules: rules(rng)})
		off.Disabled = true
		m.filters = append(m.filters, off)
	}
	f := &faultv3.HTTPFault{}
	if oneIn(rng, 6) {
		f = fault(rng)
	}
	m.filters = append(m.filters, filter(faultName, f), filter(corsName, &corsv3.Cors{}), filter("envoy.filters.http.router", &routerv3.Router{}))
	return m
}

func filter(name string, config proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(config)}}
}
