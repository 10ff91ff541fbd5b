package istiod

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/amesh-render/amesh-render/tests/istiod/lab"
)

// mesh is bookinfo with an istiod that runs.
type mesh struct {
	*lab.Cluster
	istiod *lab.Istiod
}

// startMesh starts bookinfo, with further manifests of testdata.
func startMesh(t testing.TB, further ...string) *mesh {
	t.Helper()
	cluster, err := lab.NewCluster(manifest(t, "bookinfo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := &mesh{cluster, &lab.Istiod{Cluster: cluster}}
	for _, name := range further {
		m.apply(t, manifest(t, name))
	}
	m.start(t)
	t.Cleanup(func() { m.stop(t) })
	return m
}

func (m *mesh) start(t testing.TB) {
	t.Helper()
	if err := m.istiod.Start(); err != nil {
		t.Fatal(err)
	}
}

func (m *mesh) stop(t testing.TB) {
	t.Helper()
	if err := m.istiod.Stop(); err != nil {
		t.Fatal(err)
	}
}

func (m *mesh) apply(t testing.TB, manifests ...string) {
	t.Helper()
	if err := m.Apply(manifests...); err != nil {
		t.Fatal(err)
	}
}

func (m *mesh) scale(t testing.TB, deployment string, replicas int32) {
	t.Helper()
	if err := m.Scale("default", deployment, replicas); err != nil {
		t.Fatal(err)
	}
}

func (m *mesh) delete(t testing.TB, kind, name string) {
	t.Helper()
	if err := m.Delete(kind, "default", name); err != nil {
		t.Fatal(err)
	}
}

// startAgent starts an agent in the pod of productpage, which talks to istiod in plain text.
func (m *mesh) startAgent(t testing.TB, flags ...string) *agent {
	t.Helper()
	return startAgent(t, m.productpage(), append([]string{"--xds", "grpc://" + m.istiod.Address}, flags...)...)
}

// productpage is the address of the pod that the agent is in.
func (m *mesh) productpage() string {
	return m.PodIPs("default", map[string]string{"app": "productpage"})[0]
}

// pods are the addresses of port 9080 of the pods with an app label and, unless it is "", a version label. They are in
// order.
func (m *mesh) pods(app, version string) (addresses []string) {
	labels := map[string]string{"app": app}
	if version != "" {
		labels["version"] = version
	}
	for _, ip := range m.PodIPs("default", labels) {
		addresses = append(addresses, ip+":9080")
	}
	slices.Sort(addresses)
	return addresses
}

func manifest(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
