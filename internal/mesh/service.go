package mesh

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	perNamespace = 50
	perService   = 10 // pods

	port       = 80
	targetPort = 8080
)

// service is one service, with what istiod says about it in encoded form.
type service struct {
	name, namespace, host string
	address               string   // of the service itself
	pods                  []string // addresses of its pods
	routed                bool     // it has a VirtualService, and a DestinationRule with one subset
	restarts              int      // of its pods
	timeout               int      // of the VirtualService's last route, in seconds

	clusters, endpoints []*anypb.Any
	virtualHost         []byte
}

func newService(i int) *service {
	s := &service{name: fmt.Sprintf("svc-%05d", i), namespace: fmt.Sprintf("ns-%03d", i/perNamespace), routed: i%100 < 20, timeout: 5}
	s.host = s.name + "." + s.namespace + ".svc.cluster.local"
	return s
}

func (s *service) findPods(a addresses) {
	for i := range perService {
		s.pods = append(s.pods, a.pick(podAddresses, fmt.Sprintf("%s/%s-%d", s.namespace, s.name, i)))
	}
}

func (s *service) findAddress(a addresses) {
	s.address = a.pick(serviceAddresses, "svc/"+s.namespace+"/"+s.name)
}

// subsets are those that have a cluster: of all pods, and of the DestinationRule.
func (s *service) subsets() []string {
	if s.routed {
		return []string{"", "v1"}
	}
	return []string{""}
}

// cluster is the name of the cluster of a subset.
func (s *service) cluster(subset string) string {
	return fmt.Sprintf("outbound|%d|%s|%s", port, subset, s.host)
}

func (s *service) encode() {
	for _, subset := range s.subsets() {
		s.clusters = append(s.clusters, pack(cluster(s, subset)))
	}
	s.encodeEndpoints()
	s.encodeHost()
}

func (s *service) encodeEndpoints() {
	s.endpoints = nil
	for _, subset := range s.subsets() {
		s.endpoints = append(s.endpoints, pack(endpoints(s, subset)))
	}
}

func (s *service) encodeHost() { s.virtualHost = encode(virtualHost(s)) }

func encode(m proto.Message) []byte { return pack(m).GetValue() }
