package render

import (
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// NodeOf is what the templates of overlays know of whose configuration a snapshot is.
func NodeOf(s *snapshot.Snapshot, o Options) plugins.Node {
	o = o.withDefaults(s)
	n := s.Node()
	pod := podOf(n)
	metadata := n.GetMetadata().AsMap()
	text := func(key string) string {
		value, _ := metadata[key].(string)
		return value
	}
	node := plugins.Node{ID: n.GetId(), Cluster: n.GetCluster(), Role: string(o.Role), Name: text("NAME"), Namespace: pod.Namespace,
		ServiceAccount: text("SERVICE_ACCOUNT"), Labels: pod.Labels, Metadata: metadata,
		OutboundPort: o.OutboundPort, InboundPort: o.InboundPort}
	if parts := strings.Split(n.GetId(), "~"); node.Name == "" && len(parts) > 2 {
		node.Name, _, _ = strings.Cut(parts[2], ".")
	}
	if ips := text("INSTANCE_IPS"); ips != "" {
		node.IPs = strings.Split(ips, ",")
	}
	return node
}
