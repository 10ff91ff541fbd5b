package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/render"
)

// nodeFlags say who the proxy is. What they leave open is taken from the environment that Istio's injector gives to its
// own proxy.
type nodeFlags struct {
	id, pod, namespace, ips, serviceAccount, labelsFile, clusterID, meshID, domain string

	here []netip.Addr // the addresses of the namespace that the program runs in
}

const (
	defaultDomain = "cluster.local"
	// istioLabels is where the injector has the downward API write the pod's labels.
	istioLabels = "/etc/istio/pod/labels"
)

// declareNode declares all but the role, which commands that render have anyway.
func (f *nodeFlags) declareNode(set *pflag.FlagSet) {
	defer heading(set, "Proxy")()
	set.StringVar(&f.pod, "pod-name", "", "`NAME` of the proxy's pod (default $POD_NAME)")
	set.StringVar(&f.namespace, "pod-namespace", "", "`NAMESPACE` of the pod (default $POD_NAMESPACE)")
	set.StringVar(&f.ips, "instance-ip", "", "`IP` address of the pod; several, with commas between them, where it has IPv4 "+
		"and IPv6; those of the same network interfaces need not be named (default $INSTANCE_IP)")
	set.StringVar(&f.serviceAccount, "service-account", "", "`NAME` of the pod's service account (default $SERVICE_ACCOUNT)")
	set.StringVar(&f.labelsFile, "labels-file", "", "`FILE` with the pod's labels, as the downward API writes it (default "+
		istioLabels+" where there is one)")
	set.StringVar(&f.domain, "domain", "", "DNS `DOMAIN` of the cluster (default "+defaultDomain+")")
	set.StringVar(&f.clusterID, "cluster-id", "", "Istio's `NAME` for the cluster (default $ISTIO_META_CLUSTER_ID)")
	set.StringVar(&f.meshID, "mesh-id", "", "Istio's `NAME` for the mesh (default $ISTIO_META_MESH_ID)")
	set.StringVar(&f.id, "node-id", "", "`ID` of the proxy, TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN, in place of pod name, "+
		"namespace, address and domain")
}

// nodeVariables are the environment variables that say who the proxy is, as Istio's injector sets them.
var nodeVariables = []variable{
	{"POD_NAME", "for --pod-name"},
	{"POD_NAMESPACE", "for --pod-namespace"},
	{"INSTANCE_IP", "for --instance-ip"},
	{"SERVICE_ACCOUNT", "for --service-account"},
	{metaPrefix + "NAME", "metadata NAME of the proxy, such as CLUSTER_ID and MESH_ID"},
	{metaJSONLabels, "the pod's labels, as a JSON object; those in --labels-file win"},
	{metaJSONPrefix + "NAME", "more metadata, as a JSON object"},
}

// node is how the proxy introduces itself to istiod, with the value of --role: sidecar, gateway, or empty for what the
// node id says, else a sidecar.
func (f *nodeFlags) node(role string) (*corev3.Node, error) {
	r, err := render.ParseRole(role)
	if err != nil {
		return nil, err
	}
	f.here = interfaceAddresses()
	return f.nodeIn(parseEnvironment(os.Environ()), r)
}

func (f *nodeFlags) nodeIn(env map[string]string, role render.Role) (*corev3.Node, error) {
	who, err := f.identity(role, env)
	if err != nil {
		return nil, err
	}
	metadata, err := f.metadata(who, env)
	if err != nil {
		return nil, fmt.Errorf("node metadata: %w", err)
	}
	return &corev3.Node{
		Id:                   who.String(),
		Metadata:             metadata,
		UserAgentName:        "amesh-render",
		UserAgentVersionType: &corev3.Node_UserAgentVersion{UserAgentVersion: version},
	}, nil
}

// identity is what stands in a node id.
type identity struct {
	kind           string // sidecar or router
	ips            []netip.Addr
	pod, namespace string
	domain         string // NAMESPACE.svc.DOMAIN
}

// String is the node id. Istiod refuses one whose address is not valid.
func (i identity) String() string {
	return strings.Join([]string{i.kind, i.ips[0].String(), i.pod + "." + i.namespace, i.domain}, "~")
}

// nodeTypes are what a node id calls the roles. There are others, but a control plane that was told such a type would send
// what is of no use here; one of them makes istiod crash.
var nodeTypes = map[render.Role]string{render.Sidecar: "sidecar", render.Gateway: "router"}

func (f *nodeFlags) identity(role render.Role, env map[string]string) (identity, error) {
	if f.id != "" {
		if f.pod != "" || f.namespace != "" || f.ips != "" || f.domain != "" {
			return identity{}, errors.New("--node-id says pod name, namespace, address and domain; give either it or them")
		}
		return parseNodeID(f.id, role)
	}
	pod, namespace := cmp.Or(f.pod, env["POD_NAME"]), cmp.Or(f.namespace, env["POD_NAMESPACE"])
	ips := cmp.Or(f.ips, env["INSTANCE_IP"])
	if err := complete(pod, namespace, ips); err != nil {
		return identity{}, err
	}
	domain := namespace + ".svc." + cmp.Or(f.domain, defaultDomain)
	return newIdentity(nodeTypes[cmp.Or(role, render.Sidecar)], ips, pod, namespace, domain)
}

// complete finds everything that is missing at once.
func complete(pod, namespace, ips string) error {
	var lacking []string
	for _, part := range []struct{ value, name string }{
		{pod, "no pod name (--pod-name or POD_NAME)"},
		{namespace, "no namespace (--pod-namespace or POD_NAMESPACE)"},
		{ips, "no address (--instance-ip or INSTANCE_IP)"},
	} {
		if part.value == "" {
			lacking = append(lacking, part.name)
		}
	}
	if lacking == nil {
		return nil
	}
	return fmt.Errorf("the control plane must know whose configuration to send: %s", strings.Join(lacking, ", "))
}

func parseNodeID(id string, role render.Role) (identity, error) {
	fail := func(err error) (identity, error) { return identity{}, fmt.Errorf("node id %q: %w", id, err) }
	parts := strings.Split(id, "~")
	if len(parts) != 4 {
		return fail(errors.New("it is not of the form TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN"))
	}
	dot := strings.LastIndex(parts[2], ".") // a pod's name may have dots, a namespace's has none
	switch {
	case dot < 0:
		return fail(fmt.Errorf("%q is not of the form POD.NAMESPACE", parts[2]))
	case parts[0] != nodeTypes[render.Sidecar] && parts[0] != nodeTypes[render.Gateway]:
		return fail(fmt.Errorf("its type is %q: expected sidecar, or router for a gateway", parts[0]))
	case role != "" && parts[0] != nodeTypes[role]:
		return fail(fmt.Errorf("its type is %q, but the role is %s", parts[0], role))
	}
	who, err := newIdentity(parts[0], parts[1], parts[2][:dot], parts[2][dot+1:], parts[3])
	if err != nil {
		return fail(err)
	}
	return who, nil
}

func newIdentity(kind, ips, pod, namespace, domain string) (identity, error) {
	who := identity{kind: kind, pod: pod, namespace: namespace, domain: domain}
	for s := range strings.SplitSeq(ips, ",") {
		ip, err := netip.ParseAddr(strings.TrimSpace(s))
		if err != nil || ip.Zone() != "" {
			return identity{}, fmt.Errorf("%q is not an IP address", s)
		}
		who.ips = append(who.ips, ip)
	}
	switch {
	case !isWord(pod):
		return identity{}, fmt.Errorf("%q cannot be a pod's name", pod)
	case !isWord(namespace) || strings.Contains(namespace, "."):
		return identity{}, fmt.Errorf("%q cannot be a namespace", namespace)
	case !isWord(domain):
		return identity{}, fmt.Errorf("%q cannot be a DNS domain", domain)
	}
	return who, nil
}

// isWord reports whether s can stand in a node id: printable ASCII without ~, which parts it.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= '~' })
}
