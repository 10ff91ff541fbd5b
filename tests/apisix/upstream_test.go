package apisix_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// upstreams stand for all nodes of all files: one port on every address of 127.64.0.0/10. They speak HTTP/1.1 and HTTP/2, plain
// or over TLS, and to anything else they say the address that was dialled.
type upstreams struct {
	port  int
	nodes map[string]string // the address that stands for a node
	mu    sync.Mutex
}

// How the answers say what arrived.
const (
	nodeHeader = "X-Test-Node"
	pathHeader = "X-Test-Path"
	hostHeader = "X-Test-Host"
	peerHeader = "X-Test-Peer"
)

func newUpstreams(t *testing.T) *upstreams {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstreams{port: l.Addr().(*net.TCPAddr).Port, nodes: map[string]string{}}
	sorted := &sortingListener{Listener: l, http: make(chan net.Conn), done: make(chan struct{}), tls: certificate(t)}
	server := &http.Server{Handler: http.HandlerFunc(tell), Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	go sorted.sort()
	go server.Serve(sorted)
	t.Cleanup(func() { server.Close() })
	return u
}

// node is the address that stands for a node, the same whenever it is asked for.
func (u *upstreams) node(name string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.nodes[name] == "" {
		n := len(u.nodes) + 1
		u.nodes[name] = fmt.Sprintf("127.%d.%d.%d", 64+n>>16, n>>8&255, n&255)
	}
	return u.nodes[name]
}

func tell(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(nodeHeader, nodeOf(r.Context().Value(http.LocalAddrContextKey).(net.Addr)))
	w.Header().Set(pathHeader, r.RequestURI)
	w.Header().Set(hostHeader, r.Host)
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	w.Header().Set(peerHeader, peer)
	for name, values := range r.Header {
		w.Header()["X-Got-"+name] = values
	}
}

func nodeOf(a net.Addr) string {
	host, _, _ := net.SplitHostPort(a.String())
	return host
}

// sortingListener gives connections that speak HTTP or TLS to whoever accepts, and serves the others.
type sortingListener struct {
	net.Listener
	http chan net.Conn
	done chan struct{}
	once sync.Once
	tls  *tls.Config
}

func (l *sortingListener) sort() {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			l.Close()
			return
		}
		go l.look(c)
	}
}

// look decides by the first bytes. A client that says none within a moment wants the server to speak first.
func (l *sortingListener) look(c net.Conn) {
	in := bufio.NewReader(c)
	c.SetReadDeadline(time.Now().Add(time.Second))
	first, _ := in.Peek(3)
	c.SetReadDeadline(time.Time{})
	peeked := net.Conn(&peekedConn{c, in})
	switch {
	case len(first) == 3 && first[0] == 0x16: // a TLS handshake
		peeked = tls.Server(peeked, l.tls)
	case len(first) < 3 || first[0] < 'A' || first[0] > 'Z':
		fmt.Fprintf(c, "node %s\n", nodeOf(c.LocalAddr()))
		c.Close()
		return
	}
	select {
	case l.http <- peeked:
	case <-l.done:
		c.Close()
	}
}

func (l *sortingListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.http:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *sortingListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type peekedConn struct {
	net.Conn
	in *bufio.Reader
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.in.Read(p) }

// certificate is a TLS configuration with a certificate that nobody trusts.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "upstream"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos:   []string{"h2", "http/1.1"},
	}
}
