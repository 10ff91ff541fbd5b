package render

import (
	"reflect"
	"slices"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render/apisix"
)

var tcpProxyFields = tableOf(&tcpv3.TcpProxy{}, fields{
	"stat_prefix":                        harmless("names statistics"),
	"cluster":                            rendered,
	"weighted_clusters":                  rendered,
	"on_demand":                          harmless("clusters are there already"),
	"metadata_match":                     lost("endpoints are not chosen by metadata"),
	"idle_timeout":                       rendered,
	"downstream_idle_timeout":            near("one idle timeout holds for both sides"),
	"upstream_idle_timeout":              near("one idle timeout holds for both sides"),
	"access_log":                         near("connections are logged by APISIX's own access log"),
	"max_connect_attempts":               rendered,
	"backoff_options":                    near("APISIX tries the next endpoint at once"),
	"hash_policy":                        partly("by the client's address only"),
	"tunneling_config":                   lost("connections are not tunnelled through HTTP: they are closed"),
	"max_downstream_connection_duration": lost("connections last as long as they like"),
	"access_log_flush_interval":          harmless("concerns access logs"),
	"flush_access_log_on_connected":      harmless("concerns access logs"),
	"access_log_options":                 harmless("concerns access logs"),
	"proxy_protocol_tlvs":                lost("nothing is added to the PROXY protocol"),
	"proxy_protocol_tlv_merge_policy":    harmless("concerns what is added to the PROXY protocol"),
	"upstream_connect_mode":              near("the endpoint is called at once"),
	"max_early_data_bytes":               near("the endpoint is called at once"),
	"max_downstream_connection_duration_jitter_percentage": harmless("concerns a duration that is reported"),
	"check_drain_close": harmless("concerns draining"),
})

var tcpWeightFields = tableOf(&tcpv3.TcpProxy_WeightedCluster_ClusterWeight{}, fields{
	"name":           rendered,
	"weight":         rendered,
	"metadata_match": lost("endpoints are not chosen by metadata"),
})

// tcpIdle is TcpProxy.idle_timeout by default.
const tcpIdle = time.Hour

// streams renders the filter chains of a listener that proxy TCP as stream routes, where they can be told apart.
func (r *renderer) streams(l *listenerv3.Listener, at *place) {
	d := r.directionOf(l)
	groups := r.tcpGroups(l, d, at)
	if !hasOriginalDst(l) {
		addr, port := socketAddress(l.GetAddress())
		groups = reached(groups, addr, port)
	}
	for _, g := range groups {
		switch {
		case g.port != 0 && d.intercepted && hasOriginalDst(l) && slices.Contains(r.ownPorts(), int(g.port)):
			// connections to the proxy itself, which amesh-passthrough refuses too
		case d.intercepted && !r.options.lua():
			r.withoutDestination(l, d, g)
		default:
			r.tcpGroup(l, d, g)
		}
	}
}

// tcpGroup renders the chains that are for the same destinations.
func (r *renderer) tcpGroup(l *listenerv3.Listener, d direction, g *tcpGroup) {
	slots := r.slots(l, d, g.port, g.addresses)
	if len(slots) == 0 {
		g.report(r, func(c *tcpChain) {
			r.findings.dropped(c.at, "filters", "the dump does not say the pod's addresses (the node id has one): TCP connections to it are closed")
		})
		return
	}
	if d.intercepted && !d.inbound && g.port == 0 && !g.addresses.IsValid() && hasOriginalDst(l) {
		r.unknownPorts(l, g.pick("", "raw_buffer"))
	}
	if d.intercepted && !d.inbound && hasOriginalDst(l) && r.mayBeThePod() {
		g.report(r, func(c *tcpChain) {
			r.findings.dropped(c.at, "filters", "the dump does not say the pod's addresses (the node id has one): TCP connections that it opens "+
				"cannot be told from those to it, which rules may guard; those that no other listener is for are closed")
		})
		return
	}
	for _, s := range slots {
		if d.intercepted && s.port != 0 && d.ports.Protocol(s.destination()) == intercept.HTTP {
			if closing := s.route(l.GetName()); d.inbound && g.guarded() { // should a connection come to the TCP listener nevertheless, it must not get by
				tcpTarget{}.set(r, &closing)
				r.addStream(closing, g)
			}
			g.report(r, func(c *tcpChain) {
				r.findings.dropped(c.at, "filters", "connections to port %d go to APISIX's HTTP listener: those that do not speak it are "+
					"not served; %s would make it TCP", s.port, d.flag)
			})
			continue
		}
		route, ok := r.tcpRoute(s.route(l.GetName()), d, g)
		if !ok {
			continue
		}
		r.addStream(route, g)
	}
}

func (r *renderer) addStream(route apisix.StreamRoute, g *tcpGroup) {
	route.Labels = g.labels(r)
	r.addObject("stream_routes", route.Object())
}

// tcpRoute completes a stream route by where its connections go. It is not ok when there is to be none.
func (r *renderer) tcpRoute(route apisix.StreamRoute, d direction, g *tcpGroup) (_ apisix.StreamRoute, ok bool) {
	plain := g.pick("", "raw_buffer")
	if plain != nil && plain.http || plain == nil && g.onlyHTTP() {
		if !r.asBytes(d, g) {
			return route, false
		}
		plain = nil
	} else if c := g.guardedHTTP(); c != nil && d.inbound && plain != nil && plain.proxy != nil { // by its first bytes Envoy would know HTTP, and guard it
		r.findings.denied(c.at, "filters", "on ports that are TCP for APISIX, filters that guard HTTP cannot: "+
			"connections in plain text are closed; --http-inbound-ports would let requests through")
		plain = nil
	}
	target := r.tcpTarget(plain)
	names := g.names()
	inTLS := r.tcpTarget(g.pick("", "tls"))
	if len(names) == 0 && reflect.DeepEqual(target, inTLS) {
		if target.closes() && route.ServerPort == 0 && !d.inbound {
			return route, false // as APISIX closes what no route takes
		}
		target.set(r, &route)
		return route, true
	}
	if !r.options.lua() {
		g.report(r, func(c *tcpChain) {
			r.needsLua(c.at, "filter_chain_match.server_names", "APISIX cannot choose by the server name (SNI) of TLS that it does not terminate: "+
				"the connections are closed")
		})
		tcpTarget{}.set(r, &route)
		return route, true
	}
	conf := map[string]any{"servers": r.byName(g)}
	if !inTLS.closes() {
		conf["tls"] = inTLS.conf()
	}
	if !target.closes() {
		conf["plain"] = target.conf()
	}
	route.Plugins = map[string]any{"amesh-sni": conf}
	return route, true
}

// byName are the targets of a group by server names, those together that have the same.
func (r *renderer) byName(g *tcpGroup) []any {
	type server struct {
		names []any
		to    map[string]any
	}
	var servers []server
	for _, name := range g.names() {
		to := map[string]any{}
		if target := r.tcpTarget(g.pick(name, "tls")); target.closes() {
			to["upstream_id"] = r.closed()
		} else {
			to = target.conf()
		}
		same := slices.IndexFunc(servers, func(s server) bool { return reflect.DeepEqual(s.to, to) })
		if same < 0 {
			same = len(servers)
			servers = append(servers, server{to: to})
		}
		servers[same].names = append(servers[same].names, name)
	}
	list := make([]any, len(servers))
	for i, s := range servers {
		list[i] = map[string]any{"names": s.names, "to": s.to}
	}
	return list
}
