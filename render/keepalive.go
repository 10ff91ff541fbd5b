//lint:file-ignore SA1019 Control planes still send the deprecated fields of clusters.

package render

import (
	"math"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

const keptByIdleness = "APISIX closes a connection to an endpoint by its idle time and number of requests, not by its age"

var connectionFields = tableOf(&corev3.HttpProtocolOptions{}, fields{
	"idle_timeout":                    rendered,
	"max_connection_duration":         near(keptByIdleness),
	"max_connection_duration_jitter":  harmless("concerns max_connection_duration, which is reported"),
	"max_requests_per_connection":     rendered,
	"max_stream_duration":             lost("the duration of a request is not limited"),
	"max_headers_count":               near("the number of response headers is limited by nginx"),
	"max_response_headers_kb":         near("the size of response headers is limited by nginx's proxy_buffer_size"),
	"headers_with_underscores_action": near("headers with underscores are passed on"),
})

var connectionOptionsFields = tableOf(&clusterv3.UpstreamConnectionOptions{}, fields{
	"tcp_keepalive": near("an idle connection to an endpoint is probed as nginx's proxy_socket_keepalive and the kernel say"),
	"set_local_interface_name_on_upstream_connections": harmless("for access logs"),
	"happy_eyeballs_config":                            near("only the first address of an endpoint is called"),
})

// keepalive is how connections to endpoints are kept for reuse; nil leaves it to APISIX's config.yaml, which keeps them
// for 60 s and 1000 requests. Envoy keeps them for an hour and any number, which no request can tell from it.
func keepalive(c *clusterv3.Cluster, o *corev3.HttpProtocolOptions) *apisix.KeepalivePool {
	var pool apisix.KeepalivePool
	if d := o.GetIdleTimeout(); d != nil {
		pool.IdleTimeout = seconds(orNoLimit(d.AsDuration()))
	}
	requests := c.GetMaxRequestsPerConnection()
	if n := o.GetMaxRequestsPerConnection(); n != nil {
		requests = n
	}
	pool.Requests = int(min(requests.GetValue(), math.MaxInt32))
	if pool == (apisix.KeepalivePool{}) {
		return nil
	}
	return &pool
}

// orNoLimit reads a duration of which 0 means none.
func orNoLimit(d time.Duration) time.Duration {
	if d <= 0 || d > noLimit {
		return noLimit
	}
	return d
}
