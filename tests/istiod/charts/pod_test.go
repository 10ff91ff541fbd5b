package charts

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestInjected holds what Istio's injector makes of workloads against golden files.
func TestInjected(t *testing.T) {
	i := newInjector(t, nil, nil)
	for _, name := range []string{"productpage", "job", "tuned", "uncaptured"} {
		t.Run(name, func(t *testing.T) {
			text := i.inject(t, workload(t, name+".yaml"))
			checkPod(t, pod(t, text))
			compare(t, filepath.Join("testdata", name+".injected.yaml"), text)
		})
	}
}

// checkPod checks what must hold of every pod with APISIX in it.
func checkPod(t *testing.T, p corev1.PodTemplateSpec) {
	t.Helper()
	if got := p.Labels["security.istio.io/tlsMode"]; got != "disabled" {
		t.Errorf("the label tlsMode is %q: others would speak mutual TLS to the pod", got)
	}
	checkOrder(t, p.Spec)
	volumes := map[string]bool{}
	for _, v := range p.Spec.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range ours(p.Spec) {
		checkSecurity(t, c)
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s mounts the volume %s, which the pod does not have", c.Name, m.Name)
			}
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s has no requests or no limits", c.Name)
		}
	}
	checkConf(t, p.Spec)
}

// ours are the containers that are not the workload's.
func ours(pod corev1.PodSpec) (containers []corev1.Container) {
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		if strings.HasPrefix(c.Name, "amesh-") || c.Name == "apisix" {
			containers = append(containers, c)
		}
	}
	return containers
}

// checkOrder checks that the configuration comes before the rules, these before the agent, it before APISIX, and that
// Kubernetes waits for the latter two before what follows.
func checkOrder(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	wanted := []string{"amesh-config", "amesh-iptables", "amesh-agent", "apisix"}
	var names []string
	for _, c := range ours(pod) {
		names = append(names, c.Name)
		if c.Name != "amesh-agent" && c.Name != "apisix" {
			continue
		}
		if c.StartupProbe == nil {
			t.Errorf("nothing waits for %s", c.Name)
		}
		native := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		if main := slices.ContainsFunc(pod.Containers, func(o corev1.Container) bool { return o.Name == c.Name }); !native && !main {
			t.Errorf("%s is no native sidecar: the pod would wait for its end", c.Name)
		}
	}
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "amesh-iptables" && !slices.Contains(names, name) })
	if !slices.Equal(names, wanted) {
		t.Errorf("the order is %v, want %v", names, wanted)
	}
}

// checkSecurity checks that a container may do no more than it needs.
func checkSecurity(t *testing.T, c corev1.Container) {
	t.Helper()
	s := c.SecurityContext
	if s == nil || s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") {
		t.Fatalf("%s keeps capabilities", c.Name)
	}
	if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
		t.Errorf("%s may gain privileges", c.Name)
	}
	if s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
		t.Errorf("%s may write to its root file system", c.Name)
	}
	if s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s has no seccomp profile", c.Name)
	}
	if c.Name == "amesh-iptables" {
		if !slices.Equal(s.Capabilities.Add, []corev1.Capability{"NET_ADMIN", "NET_RAW"}) {
			t.Errorf("%s has the capabilities %v", c.Name, s.Capabilities.Add)
		}
		return
	}
	if len(s.Capabilities.Add) > 0 || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || *s.RunAsUser != 1337 || *s.RunAsGroup != 1337 {
		t.Errorf("%s must run as 1337 and without capabilities", c.Name)
	}
}

// checkConf checks that what is written where is where it is read: the directory is mounted whole, as a mounted file never
// changes.
func checkConf(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	at := map[string]string{}
	for _, c := range ours(pod) {
		for _, m := range c.VolumeMounts {
			if m.Name != "amesh-conf" {
				continue
			}
			at[c.Name] = m.MountPath
			if m.SubPath != "" || m.ReadOnly {
				t.Errorf("%s cannot see or write changes of %s", c.Name, m.MountPath)
			}
		}
		dir := at[c.Name]
		if c.Name == "amesh-config" && !slices.Contains(c.Args, "--dir="+dir) ||
			c.Name == "amesh-agent" && !slices.Contains(c.Args, "--output="+dir+"/apisix.yaml") {
			t.Errorf("%s does not write to %s: %q", c.Name, dir, c.Args)
		}
	}
	if at["apisix"] != "/usr/local/apisix/conf" {
		t.Errorf("APISIX has its conf directory at %q", at["apisix"])
	}
}

// TestToken: istiod's secure port wants a token of its audience, and its certificate must be known.
func TestToken(t *testing.T) {
	p := pod(t, newInjector(t, nil, nil).inject(t, workload(t, "productpage.yaml")))
	var audience, root string
	for _, v := range p.Spec.Volumes {
		switch {
		case v.Name == "istio-token":
			audience = v.Projected.Sources[0].ServiceAccountToken.Audience
		case v.Name == "istiod-ca-cert":
			root = v.ConfigMap.Name
		}
	}
	if audience != "istio-ca" || root != "istio-ca-root-cert" {
		t.Errorf("audience %q, root certificate %q", audience, root)
	}
	agent := containerOf(t, p.Spec, "amesh-agent")
	if want := "--xds=grpcs://istiod.istio-system.svc:15012"; !slices.Contains(agent.Args, want) {
		t.Errorf("%q lacks %s", agent.Args, want)
	}
}

// TestPorts: the workload may have every port but those that Istio reserves, 15000 to 15090; and Kubernetes asks APISIX where
// it answers.
func TestPorts(t *testing.T) {
	p := pod(t, newInjector(t, nil, nil).inject(t, workload(t, "productpage.yaml")))
	dir := t.TempDir()
	run(t, build(t), containerOf(t, p.Spec, "amesh-config"), "--dir="+dir)
	text, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^ +(?:- "?(?:\[::\]:)?|port: )([0-9]+)"?$`).FindAllStringSubmatch(string(text), -1) {
		if port, _ := strconv.Atoi(match[1]); port < 15000 || port > 15090 {
			t.Errorf("APISIX listens on %d, which may be the workload's: %s", port, match[0])
		}
	}
	status := regexp.MustCompile(`status:\n +ip: \S+\n +port: (\d+)`).FindStringSubmatch(string(text))
	if status == nil {
		t.Fatalf("config.yaml says no port for the status pages:\n%s", text)
	}
	apisix := containerOf(t, p.Spec, "apisix")
	for _, probe := range []*corev1.Probe{apisix.StartupProbe, apisix.ReadinessProbe} {
		if command := strings.Join(probe.Exec.Command, " "); !strings.Contains(command, "/dev/tcp/127.0.0.1/"+status[1]+" ") {
			t.Errorf("the probe does not ask port %s: %s", status[1], command)
		}
	}
}

// TestInitContainers: those of the workload come after APISIX, so what they call goes through it.
func TestInitContainers(t *testing.T) {
	p := pod(t, newInjector(t, nil, nil).inject(t, workload(t, "job.yaml")))
	names := []string{}
	for _, c := range p.Spec.InitContainers {
		names = append(names, c.Name)
	}
	if want := []string{"amesh-config", "amesh-iptables", "amesh-agent", "apisix", "fetch"}; !slices.Equal(names, want) {
		t.Errorf("the order is %v, want %v", names, want)
	}
}

func containerOf(t testing.TB, pod corev1.PodSpec, name string) corev1.Container {
	t.Helper()
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no container %s", name)
	return corev1.Container{}
}

// TestWorkloadKept: the injector leaves the workload's probes and what Prometheus is told as they are, as there is no
// proxy of Istio's to ask instead.
func TestWorkloadKept(t *testing.T) {
	p := pod(t, newInjector(t, nil, nil).inject(t, workload(t, "productpage.yaml")))
	page := containerOf(t, p.Spec, "productpage")
	if got := page.ReadinessProbe.HTTPGet; got.Port.IntValue() != 9080 || got.Path != "/health" {
		t.Errorf("the readiness probe asks %v%s", got.Port, got.Path)
	}
	if got := p.Annotations["prometheus.io/port"]; got != "9080" {
		t.Errorf("Prometheus asks port %q", got)
	}
}

// TestOfMesh: what istiod's chart says of the whole mesh is in force for these pods too.
func TestOfMesh(t *testing.T) {
	i := newInjector(t, nil, map[string]any{"revision": "canary", "global": map[string]any{
		"istioNamespace": "mesh", "network": "east", "meshID": "shop", "imagePullPolicy": "Always", "imagePullSecrets": []any{"registry"},
		"multiCluster": map[string]any{"clusterName": "one"},
		"proxy":        map[string]any{"excludeIPRanges": "10.9.0.0/16", "clusterDomain": "example.org"},
	}})
	text := i.inject(t, workload(t, "productpage.yaml"))
	for _, want := range []string{
		"--xds=grpcs://istiod-canary.mesh.svc:15012", "--domain=example.org", "imagePullPolicy: Always", "- name: registry",
		"AMESH_RENDER_ISTIO_SERVICE_EXCLUDE_CIDR\n          value: 10.9.0.0/16",
		"ISTIO_META_CLUSTER_ID\n          value: one", "ISTIO_META_NETWORK\n          value: east", "ISTIO_META_MESH_ID\n          value: shop",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the pod lacks %q", want)
		}
	}
}
