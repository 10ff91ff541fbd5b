package istiod

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestToken renews the token on istiod's secure port, as the kubelet does.
func TestToken(t *testing.T) {
	m := startMesh(t, "subsets.yaml", "all-v1.yaml")
	root, err := m.istiod.RootCert()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rootFile, tokenFile := filepath.Join(dir, "root-cert.pem"), filepath.Join(dir, "istio-token")
	replaceFile(t, rootFile, string(root))
	issue := func() string { return m.Token("default", "bookinfo-productpage") }
	expired := issue()
	m.Revoke(expired)
	replaceFile(t, tokenFile, expired)
	r := startRelay(t, m.istiod.SecureAddress)
	a := startAgent(t, m.productpage(), "--xds", "grpcs://"+r.address(), "--xds-server-name", "istiod.istio-system.svc",
		"--xds-root-cert", rootFile, "--xds-token-file", tokenFile)

	until(t, "istiod has refused an expired token", func() bool { return m.Refused(expired) })
	if a.latest() != nil {
		t.Error("without a token there is a file")
	}
	first := issue()
	replaceFile(t, tokenFile, first+"\n")
	a.await(t, "the next attempt has the new token", func(*file) bool { return true })

	second := issue()
	replaceFile(t, tokenFile, second)
	m.Revoke(first)
	r.cut()
	until(t, "the next stream has the new token", func() bool { return a.metric(t, "xds_streams_total") == 2 })
	if m.Refused(first) {
		t.Error("the old token was shown again")
	}
	m.scale(t, "reviews-v1", 4)
	want := m.pods("reviews", "v1")
	a.await(t, "changes arrive on it", func(f *file) bool { return slices.Equal(f.nodes(serviceCluster("reviews", "v1")), want) })
}

// TestTokenOfAnother shows a token that is valid, but that of another service account than the node says.
func TestTokenOfAnother(t *testing.T) {
	m := startMesh(t)
	root, err := m.istiod.RootCert()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rootFile, tokenFile := filepath.Join(dir, "root-cert.pem"), filepath.Join(dir, "istio-token")
	replaceFile(t, rootFile, string(root))
	replaceFile(t, tokenFile, m.Token("default", "bookinfo-ratings"))
	a := startAgent(t, m.productpage(), "--xds", "grpcs://"+m.istiod.SecureAddress, "--xds-server-name", "istiod.istio-system.svc",
		"--xds-root-cert", rootFile, "--xds-token-file", tokenFile)
	until(t, "the agent says that it is refused", func() bool {
		return strings.Contains(a.log.attribute("no connection to the control plane", "reason"), "PermissionDenied")
	})
	if a.latest() != nil {
		t.Error("there is a file all the same")
	}
}

// replaceFile replaces a file as a whole.
func replaceFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
