// Package lab runs a real istiod in the process of a test, without Kubernetes: manifests go in, xDS comes out, on
// loopback.
//
// A Cluster holds what a Kubernetes API server would: objects from YAML, and those that Kubernetes' own controllers make
// of them, as far as istiod looks at them. An Istiod is istiod's main server, its own code all the way from its informers
// to the sockets, over an in-memory Kubernetes client. Istiods can be stopped and started again on one Cluster, which
// keeps its state meanwhile.
//
// Nothing here validates manifests as an API server would, and there is no Gateway API. What istiod itself writes into
// the cluster, such as its certificate authority's key, is gone once it is stopped.
package lab

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	kubelib "istio.io/istio/pkg/kube"
)

// Cluster is what a Kubernetes API server holds. Get one from NewCluster. Its methods may be called at any time.
type Cluster struct {
	mu        sync.Mutex
	manifests objects // what was applied
	live      objects // what istiod sees: the manifests, and what follows from them
	network   network
	tokens    tokens
	client    kubelib.Client // of the istiod that runs; nil if there is none
}

// object is any Kubernetes or Istio object.
type object interface {
	runtime.Object
	metav1.Object
}

type key struct {
	gvk             schema.GroupVersionKind
	namespace, name string
}

func (k key) String() string { return k.gvk.Kind + " " + k.namespace + "/" + k.name }

type objects map[key]object

func keyOf(o object) key {
	return key{o.GetObjectKind().GroupVersionKind(), o.GetNamespace(), o.GetName()}
}

func (all objects) put(o object) { all[keyOf(o)] = o }

// sorted is the keys in an order that is the same every time.
func (all objects) sorted() []key {
	return slices.SortedFunc(maps.Keys(all), func(a, b key) int { return strings.Compare(a.String(), b.String()) })
}

// NewCluster is a cluster with the objects of some manifests.
func NewCluster(manifests ...string) (*Cluster, error) {
	c := &Cluster{manifests: objects{}, live: objects{}}
	return c, c.Apply(manifests...)
}

// Apply is kubectl apply: it creates or replaces the objects of manifests, streams of YAML documents. Istiod learns of
// all that changes at once; of one kind that must be fewer than a hundred objects, which is what the in-memory client can
// hold.
func (c *Cluster) Apply(manifests ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range manifests {
		decoded, err := decode(text)
		if err != nil {
			return err
		}
		for _, o := range decoded {
			c.manifests.put(o)
		}
	}
	return c.reconcile()
}

// Delete is kubectl delete: it removes the object of that kind, such as Service, that was applied.
func (c *Cluster) Delete(kind, namespace, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.manifests {
		if k.gvk.Kind == kind && k.namespace == namespace && k.name == name {
			delete(c.manifests, k)
			return c.reconcile()
		}
	}
	return fmt.Errorf("there is no %s %s/%s", kind, namespace, name)
}

// Scale is kubectl scale: it sets the number of a deployment's pods.
func (c *Cluster) Scale(namespace, name string, replicas int32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.manifests[key{appsv1.SchemeGroupVersion.WithKind("Deployment"), namespace, name}]
	if !ok {
		return fmt.Errorf("there is no deployment %s/%s", namespace, name)
	}
	o.(*appsv1.Deployment).Spec.Replicas = &replicas
	return c.reconcile()
}

// PodIPs is the addresses of the pods whose labels include these.
func (c *Cluster) PodIPs(namespace string, labels map[string]string) (ips []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.live.pods(namespace, labels) {
		ips = append(ips, p.Status.PodIP)
	}
	return ips
}

// reconcile brings istiod's view to what the manifests say now.
func (c *Cluster) reconcile() error {
	want := derive(c.manifests, &c.network)
	for _, k := range want.sorted() {
		if err := c.set(k, want[k]); err != nil {
			return fmt.Errorf("%v: %w", k, err)
		}
	}
	for _, k := range c.live.sorted() {
		if _, stays := want[k]; stays {
			continue
		}
		if err := c.remove(k); err != nil {
			return fmt.Errorf("%v: %w", k, err)
		}
	}
	return nil
}

// set creates or replaces an object, unless it is there as it is.
func (c *Cluster) set(k key, o object) error {
	old, exists := c.live[k]
	if exists && sameContent(old, o) {
		return nil
	}
	c.live[k] = o
	if c.client == nil {
		return nil
	}
	tracker, resource, err := storeOf(c.client, k)
	switch {
	case err != nil:
		return err
	case exists:
		return tracker.Update(resource, o.DeepCopyObject(), k.namespace)
	}
	return tracker.Create(resource, o.DeepCopyObject(), k.namespace)
}

func (c *Cluster) remove(k key) error {
	delete(c.live, k)
	if c.client == nil {
		return nil
	}
	tracker, resource, err := storeOf(c.client, k)
	if err != nil {
		return err
	}
	return tracker.Delete(resource, k.namespace, k.name)
}

// sameContent compares as text: protobuf messages of one content may differ in memory.
func sameContent(a, b object) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// attach gives a client all that is there, and from then on what changes.
func (c *Cluster) attach(client kubelib.Client) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.live.sorted() {
		tracker, resource, err := storeOf(client, k)
		if err == nil {
			err = tracker.Create(resource, c.live[k].DeepCopyObject(), k.namespace)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", k, err)
		}
	}
	c.client = client
	return nil
}

func (c *Cluster) detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = nil
}

// pods is those in a namespace whose labels include these, by name.
func (all objects) pods(namespace string, labels map[string]string) (found []*corev1.Pod) {
	for _, k := range all.sorted() {
		if p, ok := all[k].(*corev1.Pod); ok && k.namespace == namespace && includes(p.Labels, labels) {
			found = append(found, p)
		}
	}
	return found
}

func includes(labels, part map[string]string) bool {
	for name, value := range part {
		if labels[name] != value {
			return false
		}
	}
	return true
}
