package lab

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"sync"
	"time"
	"unsafe"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"istio.io/istio/pilot/pkg/bootstrap"
	"istio.io/istio/pkg/config/schema/collections"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/kclient/clienttest"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

const istiodNamespace = "istio-system"

// Istiod is istiod: what the command pilot-discovery runs, with its defaults. Set Cluster, then call Start.
type Istiod struct {
	Cluster *Cluster
	// Address is where it serves xDS in plain text, and SecureAddress by TLS, to who has a token: 127.0.0.1:PORT. The first
	// Start chooses ports; later ones take the same.
	Address, SecureAddress string

	client kubelib.Client
	stop   func()
}

// Start starts istiod and returns once it serves.
func (i *Istiod) Start() (err error) {
	for _, address := range []*string{&i.Address, &i.SecureAddress} {
		if *address == "" {
			if *address, err = freeAddress(); err != nil {
				return err
			}
		}
	}
	quiet()
	if i.client, err = i.Cluster.newClient(); err != nil {
		return err
	}
	server, err := bootstrap.NewServer(i.arguments(), useClient(i.client))
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	if err := server.Start(stop); err != nil {
		close(stop)
		return err
	}
	i.stop = func() {
		i.Cluster.detach()
		close(stop)
		server.WaitUntilCompletion()
	}
	return nil
}

// Stop stops istiod as a rolling update does: streams are told to go elsewhere, then cut. It returns once nobody can
// connect any more.
func (i *Istiod) Stop() error {
	if i.stop == nil {
		return nil
	}
	i.stop()
	i.stop = nil
	for _, address := range []string{i.Address, i.SecureAddress} {
		if err := awaitFree(address); err != nil {
			return err
		}
	}
	return nil
}

// RootCert is the root certificate, PEM, of those that istiod issues, its own included. In a cluster it is in the
// ConfigMap istio-ca-root-cert.
func (i *Istiod) RootCert() ([]byte, error) {
	secret, err := i.client.Kube().CoreV1().Secrets(istiodNamespace).Get(context.Background(), "istio-ca-secret", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return secret.Data["ca-cert.pem"], nil
}

func (i *Istiod) arguments() *bootstrap.PilotArgs {
	return bootstrap.NewPilotArgs(func(p *bootstrap.PilotArgs) {
		p.Namespace, p.PodName, p.Revision = istiodNamespace, "istiod", "default"
		p.ShutdownDuration = 100 * time.Millisecond // how long streams may take to go elsewhere by themselves
		p.ServerOptions = bootstrap.DiscoveryServerOptions{
			GRPCAddr: i.Address, SecureGRPCAddr: i.SecureAddress, HTTPAddr: "127.0.0.1:0", MonitoringAddr: "127.0.0.1:0",
		}
		p.RegistryOptions.Registries = []string{"Kubernetes"}
		p.RegistryOptions.KubeOptions.DomainSuffix = "cluster.local"
		p.RegistryOptions.KubeOptions.ClusterID = "Kubernetes"
	})
}

// useClient makes a server use the client. The field is not exported; istiod's own tests, in its package, set it too.
func useClient(client kubelib.Client) func(*bootstrap.Server) {
	return func(s *bootstrap.Server) {
		field := reflect.ValueOf(s).Elem().FieldByName("kubeClient")
		reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(client))
	}
}

// newClient is a client for one istiod. The next one gets a new client: watches of one that is stopped would fill up.
func (c *Cluster) newClient() (kubelib.Client, error) {
	client := kubelib.NewFakeClient()
	kube, ok := client.Kube().(*fake.Clientset)
	if !ok {
		return nil, fmt.Errorf("%T is not client-go's in-memory client", client.Kube())
	}
	kube.PrependReactor("create", "tokenreviews", c.review)
	// A proxy may have any secret that it asks for.
	kube.PrependReactor("create", "subjectaccessreviews", func(k8stesting.Action) (bool, runtime.Object, error) {
		return true, &authorizationv1.SubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}}, nil
	})
	// Istiod waits for the definitions of the kinds that it reads.
	if err := test.Wrap(func(t test.Failer) {
		for _, s := range collections.All.All() {
			if isIstio(s.Group()) {
				clienttest.MakeCRD(t, client, s.GroupVersionResource())
			}
		}
	}); err != nil {
		return nil, err
	}
	return client, c.attach(client)
}

// quiet keeps istiod's log to errors.
var quiet = sync.OnceFunc(func() {
	options := log.DefaultOptions()
	options.SetDefaultOutputLevel(log.OverrideScopeName, log.ErrorLevel)
	// Only the names of the scopes and files can be wrong, and there are none.
	_ = log.Configure(options)
})

// freeAddress is a loopback address that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitFree waits until nobody listens on the address.
func awaitFree(address string) error {
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			return l.Close()
		}
	}
	return fmt.Errorf("stopped, but still in the way: %w", err)
}
