package render

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A use is a cluster as routes use it: what Envoy keeps in the route, APISIX keeps in the upstream.
type use struct {
	cluster      string
	retries      int
	retryTimeout time.Duration // the time for all attempts; 0: no limit
	hash         hashKey
	scheme       string        // "" for http
	idle         time.Duration // how long a TCP connection may be quiet; 0 for what is not TCP
	host         string        // what to send as Host; "" for what the client sent
	nodeHost     bool          // send the name of the node as Host
}

// policy is the part of a use beside the cluster, for ids and for people.
func (u use) policy() string {
	parts := []string{"retries=" + strconv.Itoa(u.retries)}
	if u.retryTimeout > 0 {
		parts = append(parts, "within="+u.retryTimeout.String())
	}
	if u.hash != (hashKey{}) {
		parts = append(parts, "hash="+u.hash.on+":"+u.hash.key)
	}
	if u.scheme != "" {
		parts = append(parts, "scheme="+u.scheme)
	}
	if u.idle > 0 {
		parts = append(parts, "idle="+u.idle.String())
	}
	if u.nodeHost {
		parts = append(parts, "host of the node")
	} else if u.host != "" {
		parts = append(parts, "host="+u.host)
	}
	return strings.Join(parts, " ")
}

// upstreamID is the id of the upstream for a cluster under a policy, and notes that it is needed.
func (r *renderer) upstreamID(policy use, cluster string, a *routev3.RouteAction, at *place) string {
	u := policy
	u.cluster = cluster
	u.hash = r.hash(r.chooser(r.cluster(cluster)), a, at)
	return r.useID(u)
}

// useID is the id of the upstream for a use, and notes that it is needed.
func (r *renderer) useID(u use) string {
	id, ok := r.ids.get(u)
	if !ok {
		id = r.ids.put(u, apisix.ID(u.cluster, u.cluster+"\x00"+u.policy()))
		r.uses = append(r.uses, usage{u, id})
	}
	return id
}

// upstream renders one use of a cluster. A cluster that cannot be reached as Envoy would reach it gets no nodes, and
// APISIX then answers 503, as Envoy does for a cluster that is missing or has no healthy endpoint.
func (r *renderer) upstream(u usage) *apisix.Upstream {
	up := blank(u.use)
	at := resource("cluster", u.cluster)
	c := r.cluster(u.cluster)
	switch {
	case c == nil:
		r.findings.dropped(at, "", "routes name this cluster, but there is no such cluster: requests are answered 503, or as cluster_not_found_response_code says")
	case originOf(c) == fromClusters:
		clusterFields.check(c, at, "", &r.findings)
		up.Timeout = timeout(c)
		r.aggregate(up, c, u.use, at)
	default:
		r.fill(up, c, u.use, at)
	}
	up.ID, up.Name, up.Labels = u.id, label(u.cluster), r.istioLabels(c.GetMetadata())
	return up
}

// blank is an upstream of a use, without nodes.
func blank(u use) *apisix.Upstream {
	up := &apisix.Upstream{Type: takingTurns, Retries: u.retries, Nodes: []apisix.Node{}}
	if u.retryTimeout > 0 {
		up.RetryTimeout = seconds(u.retryTimeout)
	}
	up.Scheme = u.scheme
	switch {
	case u.nodeHost:
		up.PassHost = "node"
	case u.host != "":
		up.PassHost, up.UpstreamHost = "rewrite", u.host
	}
	return up
}

// fill translates a cluster that is not an aggregate: how to choose among its endpoints, how to call them, and which
// there are.
func (r *renderer) fill(up *apisix.Upstream, c *clusterv3.Cluster, u use, at *place) {
	clusterFields.check(c, at, "", &r.findings)
	up.Timeout = timeout(c)
	b := balancingOf(c)
	r.balancing(b, c, at)
	up.Type = b.kind
	if b.kind == hashing && u.hash == (hashKey{}) {
		up.Type = takingTurns // Envoy picks at random when there is nothing to hash
	}
	if up.Type == hashing {
		up.HashOn, up.Key = u.hash.on, u.hash.key
	}
	r.circuitBreakers(c, at)
	if u.idle > 0 {
		up.Timeout = tcpTimeout(c, u.idle)
		r.nodes(up, c, at)
		r.unchecked(c, at)
		return
	}
	connections := r.protocol(c, at)
	r.nodes(up, c, at)
	if len(up.Nodes) > 0 {
		up.KeepalivePool = keepalive(c, connections)
		r.checks(up, c, at)
	}
}

// timeout is the timeout of an upstream: routes set the times for sending and reading.
func timeout(c *clusterv3.Cluster) *apisix.Timeout {
	return &apisix.Timeout{Connect: connectTimeout(c), Send: seconds(noLimit), Read: seconds(noLimit)}
}

// connectTimeout is Cluster.connect_timeout in seconds, 5 by default.
func connectTimeout(c *clusterv3.Cluster) float64 {
	return seconds(cmp.Or(durationOr(c.GetConnectTimeout(), 0), 5*time.Second))
}

// label is a name for people, as APISIX takes it. In JSON nothing keeps APISIX from substituting "${{…}}", so it is
// pulled apart.
func label(name string) string { return apisix.Name(strings.ReplaceAll(name, "${{", "$ {{")) }

// An istioConfig is the Istio resource that an object comes from, and the labels that say so.
type istioConfig struct {
	name   string
	labels map[string]string
}

// istioLabels points from an object back to the Istio resource that it comes from (filter_metadata.istio.config). Objects of one
// resource, which mostly follow one another, share the labels.
func (d *decoding) istioLabels(m interface {
	GetFilterMetadata() map[string]*structpb.Struct
}) map[string]string {
	config := m.GetFilterMetadata()["istio"].GetFields()["config"].GetStringValue()
	if config == "" {
		return nil
	}
	for _, last := range d.lastLabels {
		if last.name == config {
			return last.labels
		}
	}
	labels := map[string]string{"istio-config": apisix.LabelValue(strings.ReplaceAll(config, "${{", "$_{{"))}
	copy(d.lastLabels[1:], d.lastLabels[:])
	d.lastLabels[0] = istioConfig{config, labels}
	return labels
}
