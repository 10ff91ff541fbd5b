package diff

import (
	"strings"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Versions are the versions of the workloads behind the endpoints of a dump, by "host:port": what istiod says in an
// endpoint's filter_metadata.istio.workload, "name;namespace;service;revision;cluster": the revision, or else the name.
func Versions(s *snapshot.Snapshot) map[string]string {
	out := map[string]string{}
	for _, cla := range s.Endpoints().All() {
		addVersions(out, cla)
	}
	for _, c := range s.Clusters().All() {
		addVersions(out, c.GetLoadAssignment())
	}
	return out
}

func addVersions(into map[string]string, cla *endpointv3.ClusterLoadAssignment) {
	for _, group := range cla.GetEndpoints() {
		for _, e := range group.GetLbEndpoints() {
			at := e.GetEndpoint().GetAddress().GetSocketAddress()
			workload := e.GetMetadata().GetFilterMetadata()["istio"].GetFields()["workload"].GetStringValue()
			if at == nil || workload == "" {
				continue
			}
			parts := strings.Split(workload, ";")
			name := parts[0]
			if len(parts) > 3 && parts[3] != "" && parts[3] != "latest" {
				name = parts[3]
			}
			into[hostPort(at.GetAddress(), int(at.GetPortValue()))] = name
		}
	}
}

// versionsOf are the versions that either side knows. Where neither dump says, an endpoint goes by the subset whose
// upstream has it, if that is one.
func versionsOf(sides ...Side) map[string]string {
	out := map[string]string{}
	for _, s := range sides {
		if s.Config == nil {
			continue
		}
		for _, u := range s.Config.Upstreams {
			subset := parseCluster(u.Name).subset
			for _, n := range u.Nodes {
				switch at := address(n); {
				case subset == "":
				case out[at] == "" || out[at] == subset:
					out[at] = subset
				default:
					out[at] = "?"
				}
			}
		}
	}
	for at, name := range out {
		if name == "?" {
			delete(out, at)
		}
	}
	for _, s := range sides {
		for at, name := range s.Versions {
			out[at] = name
		}
	}
	return out
}

// cluster is the name of a cluster of istiod's, "outbound|9080|v1|reviews.default.svc.cluster.local", taken apart. Other
// names are hosts.
type cluster struct{ direction, port, subset, host string }

func parseCluster(name string) cluster {
	name, _, _ = strings.Cut(name, " #")
	parts := strings.Split(name, "|")
	if len(parts) != 4 {
		return cluster{host: name}
	}
	return cluster{parts[0], parts[1], parts[2], parts[3]}
}

// service is the cluster without its subset.
func (c cluster) service() string {
	if c.port == "" {
		return c.host
	}
	return c.host + ":" + c.port
}
