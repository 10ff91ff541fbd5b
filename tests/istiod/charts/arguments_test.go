package charts

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestArguments runs the program with the arguments and variables of the pods' containers: it takes all of them. Paths are
// other ones, rules are printed instead of applied, and the agent follows a dump.
func TestArguments(t *testing.T) {
	program := build(t)
	i := newInjector(t, nil, nil)
	all := map[string]any{"apisix": map[string]any{"set": []any{"apisix.enable_http2=false"}, "customPlugins": []any{"mine"}}}
	for name, p := range map[string]corev1.PodTemplateSpec{
		"productpage": pod(t, i.inject(t, workload(t, "productpage.yaml"))),
		"tuned":       pod(t, i.inject(t, workload(t, "tuned.yaml"))),
		"more":        pod(t, newInjector(t, all, nil).inject(t, workload(t, "productpage.yaml"))),
		"gateway":     podOf(t, decode(t, "Deployment", gateway(t, all)["deployment.yaml"])),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			annotations := filepath.Join(dir, "annotations")
			writeAnnotations(t, annotations, p.Annotations)
			for _, c := range ours(p.Spec) {
				switch c.Name {
				case "amesh-config":
					run(t, program, c, "--dir="+dir)
				case "amesh-iptables":
					rules := run(t, program, c, "--apply=false", "--print", "--family=ipv4", "--annotations="+annotations)
					if !strings.Contains(rules, "--uid-owner 1337 -j RETURN") {
						t.Errorf("the rules do not leave APISIX's user alone:\n%s", rules)
					}
				case "amesh-agent":
					follow(t, program, c, dir, annotations)
				}
			}
		})
	}
}

// build is the program: $AMESH_RENDER if set, else built from this repository.
func build(t *testing.T) string {
	t.Helper()
	if program := os.Getenv("AMESH_RENDER"); program != "" {
		return program
	}
	program := filepath.Join(t.TempDir(), "amesh-render")
	command := exec.Command("go", "build", "-o", program, "./cmd/amesh-render")
	command.Dir = filepath.Join("..", "..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build amesh-render: %v\n%s", err, out)
	}
	return program
}

// arguments are those of a container, and further ones, which win.
func arguments(c corev1.Container, further ...string) []string {
	return slices.Concat(c.Args, further)
}

// environment is the variables of a container that have values.
func environment(c corev1.Container) (env []string) {
	for _, v := range c.Env {
		if v.ValueFrom == nil {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return env
}

// run runs a container that ends, and is its output.
func run(t *testing.T, program string, c corev1.Container, further ...string) string {
	t.Helper()
	command := exec.Command(program, arguments(c, further...)...)
	command.Env = environment(c)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", c.Name, err, &errs)
	}
	return out.String()
}

// follow runs the agent until it has written its file.
func follow(t *testing.T, program string, c corev1.Container, dir, annotations string) {
	t.Helper()
	c.Args = slices.DeleteFunc(slices.Clone(c.Args), func(a string) bool { return strings.HasPrefix(a, "--plugin-config=") })
	file := filepath.Join(dir, "agent.yaml")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	further := []string{"--xds=demo", "--role=", "--status-addr=127.0.0.1:0", "--output=" + file}
	if slices.ContainsFunc(c.Args, func(a string) bool { return strings.HasPrefix(a, "--annotations=") }) {
		further = append(further, "--annotations="+annotations)
	}
	command := exec.CommandContext(ctx, program, arguments(c, further...)...)
	command.Env = append(environment(c), "POD_NAME=productpage-v1-0", "POD_NAMESPACE=default", "INSTANCE_IP=10.244.140.225,fd00::1")
	var errs bytes.Buffer
	command.Stderr = &errs
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { command.Wait(); close(ended) }()
	for {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "upstreams") {
			break
		}
		select {
		case <-ended:
			t.Fatalf("the agent has ended without a file\n%s", &errs)
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	<-ended
}

// writeAnnotations writes them as Kubernetes' downward API does.
func writeAnnotations(t *testing.T, path string, annotations map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		fmt.Fprintf(&b, "%s=%q\n", key, annotations[key])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
