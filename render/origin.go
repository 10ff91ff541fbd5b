package render

import (
	"net/netip"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	aggregatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/aggregate/v3"
	dnsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dns/v3"
	originalv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/original_dst/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// An origin is where the endpoints of a cluster come from.
type origin int

const (
	fromAssignment origin = iota // STATIC: the cluster's own load_assignment
	fromEDS
	fromDNS         // STRICT_DNS: all addresses of the names in load_assignment
	fromOneDNS      // LOGICAL_DNS: one of them
	fromDestination // ORIGINAL_DST: where the client dialled
	fromClusters    // envoy.clusters.aggregate: those of other clusters
	fromElsewhere
)

// originOf reads Cluster.type, or cluster_type where that is set.
func originOf(c *clusterv3.Cluster) origin {
	if custom := c.GetClusterType(); custom != nil {
		dns := &dnsv3.DnsCluster{}
		switch config := custom.GetTypedConfig(); {
		case config.MessageIs(&aggregatev3.ClusterConfig{}):
			return fromClusters
		case config.MessageIs(&originalv3.OriginalDstCluster{}):
			return fromDestination
		case config.MessageIs(dns) && config.UnmarshalTo(dns) == nil && dns.GetAllAddressesInSingleEndpoint():
			return fromOneDNS
		case config.MessageIs(dns):
			return fromDNS
		}
		return fromElsewhere
	}
	switch c.GetType() {
	case clusterv3.Cluster_EDS:
		return fromEDS
	case clusterv3.Cluster_STRICT_DNS:
		return fromDNS
	case clusterv3.Cluster_LOGICAL_DNS:
		return fromOneDNS
	case clusterv3.Cluster_ORIGINAL_DST:
		return fromDestination
	}
	return fromAssignment
}

// nodes sets the nodes of an upstream to the endpoints of its cluster.
func (r *renderer) nodes(up *apisix.Upstream, c *clusterv3.Cluster, at *place) {
	switch originOf(c) {
	case fromEDS:
		if _, ok := r.assignment(c); !ok {
			r.findings.dropped(at, "eds_cluster_config",
				"the endpoints %q are missing: requests are answered 503, as Envoy does", snapshot.EndpointsName(c))
		}
	case fromDNS, fromOneDNS:
		r.names(c, at)
	case fromDestination:
		r.originalDst(up, c, at)
		return
	case fromElsewhere:
		r.findings.dropped(at, "cluster_type", "clusters of type %q are not rendered: requests are answered 503",
			c.GetClusterType().GetName())
		return
	}
	assignment, _ := r.assignment(c)
	r.assigned(up, c, assignment, at)
}

// assignment is the load assignment of a cluster; not ok when it is missing.
func (r *renderer) assignment(c *clusterv3.Cluster) (*endpointv3.ClusterLoadAssignment, bool) {
	if originOf(c) == fromEDS {
		return r.byEDS(snapshot.EndpointsName(c))
	}
	return c.GetLoadAssignment(), c.GetLoadAssignment() != nil
}

// originalDst is the node of a cluster that goes where the client meant to go. For Istio's inbound clusters,
// "inbound|PORT||", that is the pod itself. Endpoints that EDS has for such a cluster, as Istio's has for headless
// services, are not for it: Envoy does not ask for them, and any other than the one dialled would be wrong.
func (r *renderer) originalDst(up *apisix.Upstream, c *clusterv3.Cluster, at *place) {
	port, inbound := inboundPort(c.GetName())
	if !inbound {
		if r.options.lua() && r.options.Role != Gateway {
			return // dialledAsIs has said why not
		}
		which := "requests that no other route takes"
		if strings.HasPrefix(c.GetName(), "outbound|") {
			which = "requests for this service (headless, or with resolution NONE)"
		}
		r.needsLua(at, "type", "APISIX cannot forward a request to the address that the client dialled: "+which+" are answered 503")
		return
	}
	pod := podAddress(r.self.GetId())
	if !pod.IsValid() {
		r.findings.dropped(at, "type", "the dump does not say the pod's address (the node id has it): requests are answered 503")
		return
	}
	up.Nodes = []apisix.Node{{Host: nodeHost(pod.String()), Port: port, Weight: 1}}
}

// inboundPort reads the port in the name of one of Istio's inbound clusters.
func inboundPort(cluster string) (int, bool) {
	parts := strings.Split(cluster, "|")
	if len(parts) != 4 || parts[0] != "inbound" {
		return 0, false
	}
	port, err := strconv.ParseUint(parts[1], 10, 16)
	return int(port), err == nil && port > 0
}

var dnsFields = tableOf(&dnsv3.DnsCluster{}, fields{
	"dns_refresh_rate":                 ownTimeToLive,
	"dns_failure_refresh_rate":         ownTimeToLive,
	"respect_dns_ttl":                  ownTimeToLive,
	"dns_jitter":                       ownTimeToLive,
	"dns_min_refresh_rate":             ownTimeToLive,
	"typed_dns_resolver_config":        ownResolver,
	"dns_lookup_family":                ownFamilies,
	"all_addresses_in_single_endpoint": partly("always: one address of a name is called at a time"),
})

var (
	ownTimeToLive = harmless("APISIX resolves names by the records' own time to live")
	ownResolver   = harmless("resolvers are set in APISIX's config.yaml")
)

// names reports what is lost of a cluster whose endpoints have host names. APISIX asks for A records first and, by
// default, for AAAA where there are none, which is V4_PREFERRED, and V4_ONLY for every name that has an A record.
func (r *renderer) names(c *clusterv3.Cluster, at *place) {
	field, family := "dns_lookup_family", c.GetDnsLookupFamily()
	dns := &dnsv3.DnsCluster{}
	if config := c.GetClusterType().GetTypedConfig(); config != nil && config.UnmarshalTo(dns) == nil {
		dnsFields.check(dns, at, "cluster_type.typed_config.", &r.findings)
		field = "cluster_type.typed_config.dns_lookup_family"
		family = clusterv3.Cluster_DnsLookupFamily(clusterv3.Cluster_DnsLookupFamily_value[dns.GetDnsLookupFamily().String()])
	}
	if !named(c.GetLoadAssignment()) {
		return
	}
	if originOf(c) == fromDNS {
		r.findings.approximate(at, "type", "APISIX calls one address of a name at a time, and takes the next when it resolves the name anew")
	}
	switch family {
	case clusterv3.Cluster_V4_ONLY, clusterv3.Cluster_V4_PREFERRED:
	case clusterv3.Cluster_AUTO:
		if r.ipv6 {
			r.findings.approximate(at, field, "Envoy prefers IPv6 addresses; APISIX takes IPv4 addresses first unless its config.yaml says otherwise")
		}
	default:
		r.findings.approximate(at, field, "APISIX asks for IPv4 and IPv6 addresses in the order of dns_resolver in its config.yaml, not %v", family)
	}
}

// named reports whether any endpoint has a name in place of an address.
func named(a *endpointv3.ClusterLoadAssignment) bool {
	for _, l := range a.GetEndpoints() {
		for _, e := range localEndpoints(l) {
			if _, err := netip.ParseAddr(e.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()); err != nil {
				return true
			}
		}
	}
	return false
}
