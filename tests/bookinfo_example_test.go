package tests

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const walkThrough = "../examples/bookinfo/kube"

// standIn is what stands in for each program that the scripts call: it writes down how it was called, and answers as a
// cluster would in which the rules are in force once they have been applied.
const standIn = `#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
case "$(basename "$0") $*" in
"kind get clusters") exit ;;
"kubectl get namespace"*) exit 1 ;;
*virtual-service-all-v1.yaml*) touch "$LOG.v1" ;;
*"get configmap amesh-istiod-values"*) echo 'values: here' ;;
*"exec deploy/ratings-v1"*)
	[ -z "${SILENT-}" ] || exit 0
	echo '{"podname": "reviews-v1-5c4d6d447c-k5gcd"}'
	[ -e "$LOG.v1" ] || echo '{"podname": "reviews-v3-7dbcdcbc56-jqvbb"}' ;;
esac
`

// TestExampleBookinfoKube runs the scripts of the walk-through, with stand-ins for what they call.
func TestExampleBookinfoKube(t *testing.T) {
	w := newWalk(t)
	code, out, called := w.run("kind.sh")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, want := range []string{
		"image IMAGE=amesh-render:kind",
		"kind create cluster --name amesh",
		"kind load docker-image amesh-render:kind --name amesh",
		"helm upgrade --install istio-base base --repo",
		"charts/amesh --namespace istio-system --set image.repository=amesh-render,image.tag=kind",
		"helm upgrade --install istiod istiod --repo",
		"charts/amesh-gateway --namespace istio-ingress --create-namespace --wait --timeout 10m --set image.repository=amesh-render,image.tag=kind --set service.type=ClusterIP",
		"kubectl label namespace bookinfo istio-injection=enabled",
		"bookinfo.yaml",
		"rollout status deploy/productpage-v1",
		"virtual-service-all-v1.yaml",
	} {
		before, after, found := strings.Cut(called, want)
		if !found {
			t.Errorf("not called, or not in this order: %q, in\n%s", want, before)
		}
		called = after
	}
	if shown := strings.Join(strings.Fields(out), " "); !strings.Contains(shown, "answer: 1 reviews-v1 1 reviews-v3 With virtual-service-all-v1, only v1: 1 reviews-v1") {
		t.Errorf("it shows\n%s", out)
	}
}

// TestExampleBookinfoKubeTrouble sees the scripts stop where going on makes no sense.
func TestExampleBookinfoKubeTrouble(t *testing.T) {
	w := newWalk(t)
	if code, out, called := w.run("install.sh"); code != 2 || !strings.Contains(out, "set IMAGE") || called != "" {
		t.Errorf("without an image: exit code %d\n%s%s", code, out, called)
	}
	w.environment = []string{"IMAGE=registry.example:5000/team/amesh-render:1", "ISTIO_VERSION=1.28.0"}
	code, out, called := w.run("install.sh")
	if code != 0 || strings.Count(called, "--version 1.28.0") != 2 ||
		!strings.Contains(called, "image.repository=registry.example:5000/team/amesh-render,image.tag=1 --set service.type=LoadBalancer") {
		t.Errorf("a registry with a port: exit code %d\n%s%s", code, out, called)
	}
	w.environment = []string{"SILENT=1"}
	if code, out, _ := w.run("walk.sh"); code != 1 || !strings.Contains(out, "nobody answers") {
		t.Errorf("nobody answers: exit code %d\n%s", code, out)
	}
}

// TestExampleBookinfoKubeFiles checks what the scripts name and hand to Kubernetes.
func TestExampleBookinfoKubeFiles(t *testing.T) {
	kinds, asking := map[string]int{}, 0
	manifests, err := filepath.Glob(walkThrough + "/*.yaml")
	if err != nil || len(manifests) != 4 {
		t.Fatalf("the manifests are %q: %v", manifests, err)
	}
	for _, path := range manifests {
		decoder := yaml.NewDecoder(strings.NewReader(content(t, path)))
		for {
			var object struct {
				Kind string
				Spec struct {
					Template struct {
						Metadata struct{ Annotations map[string]string }
					}
				}
			}
			if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			kinds[object.Kind]++
			if object.Spec.Template.Metadata.Annotations["inject.istio.io/templates"] == "amesh" {
				asking++
			}
		}
	}
	for kind, want := range map[string]int{"Deployment": 6, "Service": 4, "DestinationRule": 4, "VirtualService": 5, "Gateway": 1} {
		if kinds[kind] != want {
			t.Errorf("%d of %s, not %d", kinds[kind], kind, want)
		}
	}
	if asking != kinds["Deployment"] {
		t.Errorf("%d of %d deployments ask for APISIX", asking, kinds["Deployment"])
	}
	for _, script := range []string{"kind.sh", "install.sh", "walk.sh"} {
		path := filepath.Join(walkThrough, script)
		if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run: %v", script, err)
		}
		for _, checker := range [][]string{{"sh", "-n"}, {"bash", "-n"}, {"shellcheck"}} {
			if _, err := exec.LookPath(checker[0]); err != nil {
				continue
			}
			if out, err := exec.Command(checker[0], append(checker[1:], path)...).CombinedOutput(); err != nil {
				t.Errorf("%q %s: %v\n%s", checker, script, err, out)
			}
		}
	}
}

// A walk is a directory of stand-ins.
type walk struct {
	t           *testing.T
	dir         string
	environment []string
}

func newWalk(t *testing.T) *walk {
	w := &walk{t: t, dir: t.TempDir()}
	for _, name := range []string{"kubectl", "helm", "kind", "make", "docker", "sleep"} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(standIn), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// run runs a script, and returns what it printed and which programs it called.
func (w *walk) run(script string) (code int, out, called string) {
	w.t.Helper()
	log := filepath.Join(w.dir, "log")
	os.Remove(log)
	c := exec.Command("sh", filepath.Join(walkThrough, script))
	c.Env = append(os.Environ(), "PATH="+w.dir+":"+os.Getenv("PATH"), "LOG="+log)
	c.Env = append(c.Env, w.environment...)
	printed, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		w.t.Fatal(err)
	}
	lines, _ := os.ReadFile(log) // which is not there if nothing was called
	return c.ProcessState.ExitCode(), string(printed), string(lines)
}
