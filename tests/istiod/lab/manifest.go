package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	k8stesting "k8s.io/client-go/testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"

	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/collections"
	kubelib "istio.io/istio/pkg/kube"
)

// decode reads a stream of YAML documents, each an object of Kubernetes or Istio. What names no namespace is in default.
func decode(text string) (decoded []object, err error) {
	reader := kyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return decoded, nil
		}
		if err != nil {
			return nil, err
		}
		o, err := decodeDocument(document)
		if err != nil {
			return nil, err
		}
		decoded = append(decoded, o)
	}
}

func decodeDocument(document []byte) (object, error) {
	decoded, _, err := kubelib.IstioCodec.UniversalDeserializer().Decode(document, nil, nil)
	if err != nil {
		return nil, err
	}
	o, ok := decoded.(object)
	if !ok {
		return nil, fmt.Errorf("a %T is not an object", decoded)
	}
	kind := o.GetObjectKind().GroupVersionKind()
	s, known := collections.All.FindByGroupVersionKind(config.FromKubernetesGVK(kind))
	if !known {
		return nil, fmt.Errorf("istiod does not look at %v", kind)
	}
	if o.GetNamespace() == "" && !s.IsClusterScoped() {
		o.SetNamespace("default")
	}
	return o, nil
}

// storeOf is where an in-memory client keeps objects of the key's kind.
func storeOf(client kubelib.Client, k key) (k8stesting.ObjectTracker, schema.GroupVersionResource, error) {
	s, known := collections.All.FindByGroupVersionKind(config.FromKubernetesGVK(k.gvk))
	if !known {
		return nil, schema.GroupVersionResource{}, fmt.Errorf("istiod does not look at %v", k.gvk)
	}
	var part any = client.Kube()
	if isIstio(s.Group()) {
		part = client.Istio()
	}
	tracked, ok := part.(interface {
		Tracker() k8stesting.ObjectTracker
	})
	if !ok {
		return nil, schema.GroupVersionResource{}, fmt.Errorf("%T keeps nothing in memory", part)
	}
	return tracked.Tracker(), s.GroupVersionResource(), nil
}

func isIstio(group string) bool { return strings.HasSuffix(group, ".istio.io") }
