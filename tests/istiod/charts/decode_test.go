package charts

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// kinds are those that the charts and the tests have.
var kinds = map[string]func() any{
	"ConfigMap":                func() any { return new(corev1.ConfigMap) },
	"CustomResourceDefinition": func() any { return new(apiextensionsv1.CustomResourceDefinition) },
	"Deployment":               func() any { return new(appsv1.Deployment) },
	"HorizontalPodAutoscaler":  func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"Job":                      func() any { return new(batchv1.Job) },
	"Pod":                      func() any { return new(corev1.Pod) },
	"PodDisruptionBudget":      func() any { return new(policyv1.PodDisruptionBudget) },
	"Service":                  func() any { return new(corev1.Service) },
	"ServiceAccount":           func() any { return new(corev1.ServiceAccount) },
}

// strict decodes as an API server does that validates strictly: unknown and repeated fields are errors.
func strict(t testing.TB, text string, into any) {
	t.Helper()
	if text == "" {
		t.Fatal("there is no such manifest")
	}
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// decode decodes a manifest of a kind.
func decode(t testing.TB, kind, text string) any {
	t.Helper()
	create, known := kinds[kind]
	if !known {
		t.Fatalf("the kind %q is none that the charts should render", kind)
	}
	o := create()
	strict(t, text, o)
	return o
}

// podOf is the pod in a workload.
func podOf(t testing.TB, o any) corev1.PodTemplateSpec {
	t.Helper()
	switch o := o.(type) {
	case *appsv1.Deployment:
		return o.Spec.Template
	case *batchv1.Job:
		return o.Spec.Template
	case *corev1.Pod:
		return corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}
	}
	t.Fatalf("%T has no pod", o)
	return corev1.PodTemplateSpec{}
}

// kindOf is the kind in a manifest.
func kindOf(t testing.TB, text string) string {
	t.Helper()
	var header struct{ Kind string }
	if err := yaml.Unmarshal([]byte(text), &header); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return header.Kind
}
