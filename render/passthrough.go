package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// onlyLua marks a field that the plugins of templates/lua translate; without them code beside the table reports what is lost.
func onlyLua(why string) fieldRule { return reported(Dropped, "without Lua, "+why) }

// needsLua reports something that only the plugins of templates/lua can do.
func (r *renderer) needsLua(at *place, field, lost string) {
	if !r.options.lua() {
		lost += "; --lua=on would do it"
	}
	r.findings.dropped(at, field, "%s", lost)
}

// dials reports whether requests for a cluster go where the client dialled (ORIGINAL_DST), by the plugin amesh-passthrough.
// Those of Istio's inbound clusters go to the pod itself, whose address is known as a rule; where it has several, the one
// dialled counts. At a gateway clients dial the gateway, and not what they mean.
func (r *renderer) dials(cluster string) bool {
	if !r.options.lua() || r.options.Role == Gateway {
		return false
	}
	is, known := r.dialing.get(cluster)
	if !known {
		is = r.dialing.put(cluster, r.dialledAsIs(cluster))
	}
	return is
}

func (r *renderer) dialledAsIs(cluster string) bool {
	c := r.cluster(cluster)
	if c == nil || originOf(c) != fromDestination {
		return false
	}
	if _, inbound := inboundPort(cluster); inbound && podAddress(r.self.GetId()).IsValid() && !r.dualStack() {
		return false
	}
	at, lb := resource("cluster", cluster), c.GetOriginalDstLbConfig()
	if lb.GetUseHttpHeader() || lb.GetMetadataKey() != nil || lb.GetUpstreamPortOverride() != nil {
		r.findings.dropped(at, "original_dst_lb_config", "another address than the one dialled is not rendered: requests are answered 503")
		return false
	}
	switch transportOf(c, &endpointv3.LbEndpoint{}).kind {
	case plainText, meshTLS:
		return true
	}
	r.findings.denied(at, "transport_socket", "TLS to the address that the client dialled is not rendered: requests are answered 503")
	return false
}

// passthrough sends the requests of a variant where their clients dialled.
func (r *renderer) passthrough(f *forwarding, v *variant, cluster string, host hostRewrite, grpc bool) {
	c := r.cluster(cluster)
	r.checkDialled(c)
	v.plugins().AmeshPassthrough = &apisix.AmeshPassthrough{Cluster: cluster, RefusePorts: r.ownPorts(), Scheme: r.scheme(cluster, grpc)}
	v.route.Timeout = timeout(c)
	if f.policy.retries > 0 {
		r.findings.approximate(f.at, "route.retry_policy", "requests that go where the client dialled are not retried")
	}
	if host.copied != "" {
		r.findings.dropped(f.at, "route.host_rewrite_literal", "APISIX cannot send the host %.100q where the client dialled: "+
			"the Host header stays as it came", host.copied)
	}
}

// checkDialled reports what is lost of a cluster that goes where the client dialled.
func (r *renderer) checkDialled(c *clusterv3.Cluster) {
	at := resource("cluster", c.GetName())
	clusterFields.check(c, at, "", &r.findings)
	r.circuitBreakers(c, at)
	r.protocol(c, at)
}

// ownPorts are the ports of the proxy's own listeners. Envoy, too, refuses what was meant for them (Istio's chains
// virtualOutbound-trafficloop and virtualInbound-blackhole).
func (r *renderer) ownPorts() []int {
	o := r.options
	return []int{o.OutboundPort, o.OutboundTCPPort, o.InboundPort, o.InboundTCPPort}
}
