package lab

import (
	"fmt"
	"net/netip"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// derive is what Kubernetes' controllers make of manifests: namespaces, the pods of deployments, cluster addresses and
// endpoint slices. Every pod is ready.
func derive(manifests objects, net *network) objects {
	all := objects{}
	for _, k := range manifests.sorted() {
		switch o := manifests[k].DeepCopyObject().(type) {
		case *appsv1.Deployment:
			for _, p := range podsOf(o, net) {
				all.put(p)
			}
		case *corev1.Service:
			complete(o, net)
			all.put(o)
		case object:
			all.put(o)
		}
	}
	for _, k := range all.sorted() {
		if s, ok := all[k].(*corev1.Service); ok && len(s.Spec.Selector) > 0 {
			all.put(sliceOf(s, all.pods(s.Namespace, s.Spec.Selector)))
		}
	}
	addNamespaces(all)
	return all
}

// addNamespaces adds the namespaces that objects are in, and the one in which istiod is.
func addNamespaces(all objects) {
	names := map[string]bool{istiodNamespace: true}
	for k := range all {
		names[k.namespace] = true
	}
	delete(names, "")
	for name := range names {
		n := &corev1.Namespace{TypeMeta: typeMeta(corev1.SchemeGroupVersion, "Namespace"), ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, exists := all[keyOf(n)]; !exists {
			all.put(n)
		}
	}
}

func typeMeta(version schema.GroupVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: version.String(), Kind: kind}
}

func podsOf(d *appsv1.Deployment, net *network) (pods []*corev1.Pod) {
	replicas := int32(1)
	if d.Spec.Replicas != nil {
		replicas = *d.Spec.Replicas
	}
	for i := range replicas {
		template := d.Spec.Template.DeepCopy()
		p := &corev1.Pod{TypeMeta: typeMeta(corev1.SchemeGroupVersion, "Pod"), ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		p.Name, p.Namespace = fmt.Sprintf("%s-%d", d.Name, i), d.Namespace
		if p.Spec.ServiceAccountName == "" {
			p.Spec.ServiceAccountName = "default"
		}
		ip := net.address("10.244.0.0", "pod "+p.Namespace+"/"+p.Name)
		p.Status = corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		}
		pods = append(pods, p)
	}
	return pods
}

// complete sets the defaults of a service that istiod relies on.
func complete(s *corev1.Service, net *network) {
	for i := range s.Spec.Ports {
		port := &s.Spec.Ports[i]
		if port.Protocol == "" {
			port.Protocol = corev1.ProtocolTCP
		}
		if port.TargetPort == (intstr.IntOrString{}) {
			port.TargetPort = intstr.FromInt32(port.Port)
		}
	}
	if s.Spec.Type == "" {
		s.Spec.Type = corev1.ServiceTypeClusterIP
	}
	if s.Spec.ClusterIP == "" && s.Spec.Type != corev1.ServiceTypeExternalName {
		s.Spec.ClusterIP = net.address("10.96.0.0", "service "+s.Namespace+"/"+s.Name)
	}
	if s.Spec.ClusterIP != "" {
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
}

// sliceOf is the endpoint slice of a service with these pods. Target ports must be numbers.
func sliceOf(s *corev1.Service, pods []*corev1.Pod) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		TypeMeta: typeMeta(discoveryv1.SchemeGroupVersion, "EndpointSlice"),
		ObjectMeta: metav1.ObjectMeta{Name: s.Name + "-1", Namespace: s.Namespace,
			Labels: map[string]string{discoveryv1.LabelServiceName: s.Name}},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		slice.Labels[corev1.IsHeadlessService] = ""
	}
	ready := true
	for _, p := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{p.Status.PodIP},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &ready},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: p.Namespace, Name: p.Name},
		})
	}
	for _, port := range s.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Protocol: &port.Protocol,
			Port: &port.TargetPort.IntVal, AppProtocol: port.AppProtocol})
	}
	return slice
}

// network gives out addresses. Nobody gets one that another has had. The zero value has given none.
type network struct{ given map[string]netip.Addr }

// address is the next address of the network, or the one that this owner has already.
func (n *network) address(from, owner string) string {
	ip, known := n.given[owner]
	if !known {
		ip = netip.MustParseAddr(from)
		for range len(n.given) + 1 {
			ip = ip.Next()
		}
		if n.given == nil {
			n.given = map[string]netip.Addr{}
		}
		n.given[owner] = ip
	}
	return ip.String()
}
