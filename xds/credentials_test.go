package xds

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

func TestTLS(t *testing.T) {
	a, other, dir := newAuthority(t), newAuthority(t), t.TempDir()
	server := a.secure(t)
	address := at(t, "grpcs://"+server.address)
	root := write(t, filepath.Join(dir, "root"), a.root())

	t.Run("the server must be who it is said to be", func(t *testing.T) {
		bad := []struct {
			name, want string
			tls        TLS
		}{
			{"another root", "unknown authority", TLS{write(t, filepath.Join(dir, "other"), other.root()), "istiod.example", "", ""}},
			{"the system's roots", "unknown authority", TLS{ServerName: "istiod.example"}},
			{"another name", "istiod.example", TLS{root, "istiod.other", "", ""}},
			{"the address's name", "127.0.0.1", TLS{RootFile: root}},
			{"no root file", "no such file", TLS{root + ".none", "istiod.example", "", ""}},
			{"no root in the file", "holds none", TLS{write(t, filepath.Join(dir, "empty"), nil), "istiod.example", "", ""}},
			{"no key file", "client certificate", TLS{root, "istiod.example", root, root + ".none"}},
		}
		for _, c := range bad {
			seen := make(failures, 1000)
			follow(t, Config{Address: address, TLS: c.tls, Observer: &seen})
			if err := await(t, seen, "failure"); !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, expected %q", c.name, err, c.want)
			}
		}
	})
	t.Run("files may change", func(t *testing.T) {
		root := write(t, filepath.Join(dir, "changing"), other.root())
		cert, key := a.issue(t, "first")
		certFile, keyFile := write(t, filepath.Join(dir, "cert"), cert), write(t, filepath.Join(dir, "key"), key)
		seen := make(failures, 10_000)
		f := follow(t, Config{Address: address, TLS: TLS{root, "istiod.example", certFile, keyFile}, Observer: &seen})
		await(t, seen, "failure")
		write(t, root, a.root())
		s := server.delta(t)
		if got := clientName(s.stream.Context()); got != "first" {
			t.Errorf("the client is %q", got)
		}
		s.send(t, changed(lds, "1"))
		s.send(t, changed(cds, "2", static("a")))
		f.expect(t, "cluster/a")
		cert, key = a.issue(t, "second")
		write(t, certFile, cert)
		write(t, keyFile, key)
		s.finish <- nil
		if got := clientName(server.delta(t).stream.Context()); got != "second" {
			t.Errorf("after a new certificate, the client is %q", got)
		}
	})
	t.Run("token", func(t *testing.T) {
		token := write(t, filepath.Join(dir, "token"), []byte("one\n"))
		follow(t, Config{Address: address, TLS: TLS{RootFile: root, ServerName: "istiod.example"}, TokenFile: token})
		s := server.delta(t)
		if got := authorization(s.stream.Context()); got != "Bearer one" {
			t.Errorf("authorization %q", got)
		}
		write(t, token, []byte("two"))
		s.finish <- nil
		if got := authorization(server.delta(t).stream.Context()); got != "Bearer two" {
			t.Errorf("after a new token, authorization %q", got)
		}
	})
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a socket")
	server := serveOn(t, listen(t, "unix", path))
	token := write(t, filepath.Join(t.TempDir(), "token"), []byte("secret"))
	f := follow(t, Config{Address: at(t, "unix://"+path), TokenFile: token})
	s := server.delta(t)
	if got := authorization(s.stream.Context()); got != "Bearer secret" {
		t.Errorf("authorization %q", got)
	}
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", static("a")))
	f.expect(t, "cluster/a")
}

func TestTokenInPlainText(t *testing.T) {
	server := serve(t)
	token := write(t, filepath.Join(t.TempDir(), "token"), []byte("secret"))
	c := Config{Address: server.plain(t), TokenFile: token}
	if err := Run(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), "plain text") {
		t.Fatalf("Run: %v, expected a refusal", err)
	}
	c.PlaintextToken = true
	follow(t, c)
	if got := authorization(server.delta(t).stream.Context()); got != "Bearer secret" {
		t.Errorf("authorization %q", got)
	}
}

// A token that cannot be read is no reason to go without, and may come later. Nothing ever tells what it is.
func TestTokenFile(t *testing.T) {
	server := serve(t)
	path := filepath.Join(t.TempDir(), "token")
	seen := make(failures, 10_000)
	follow(t, Config{Address: server.plain(t), TokenFile: path, PlaintextToken: true, Observer: &seen})
	for _, c := range []struct{ content, want string }{
		{"", "no such file"}, {" \n", "single word"}, {"two secrets", "single word"}, {"secret\x00", "single word"}, {"sécret", "single word"},
	} {
		if c.content != "" {
			write(t, path, []byte(c.content))
		}
		for deadline := time.Now().Add(patience); ; {
			err := await(t, seen, "failure")
			if strings.Contains(err.Error(), "secret") || time.Now().After(deadline) {
				t.Fatalf("token %q: %v, expected %q", c.content, err, c.want)
			}
			if strings.Contains(err.Error(), c.want) {
				break
			}
		}
	}
	write(t, path, []byte("secret"))
	if got := authorization(server.delta(t).stream.Context()); got != "Bearer secret" {
		t.Errorf("authorization %q", got)
	}
}

func TestContradictions(t *testing.T) {
	plain, secure := at(t, "grpc://localhost:1"), at(t, "grpcs://localhost:1")
	cases := []struct {
		name, want string
		config     Config
	}{
		{"no address", "no address", Config{}},
		{"no such mode", "mode 7", Config{Address: plain, Mode: 7}},
		{"TLS without TLS", "not encrypted", Config{Address: plain, TLS: TLS{RootFile: "root"}}},
		{"TLS on a socket", "not encrypted", Config{Address: at(t, "unix:///x"), TLS: TLS{ServerName: "x"}}},
		{"certificate without key", "key file", Config{Address: secure, TLS: TLS{CertFile: "cert"}}},
		{"key without certificate", "key file", Config{Address: secure, TLS: TLS{KeyFile: "key"}}},
		{"token in plain text", "plain text", Config{Address: plain, TokenFile: "token"}},
	}
	for _, c := range cases {
		err := Run(t.Context(), c.config, func(*snapshot.Snapshot) {})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", c.name, err, c.want)
		}
	}
}

// A server that speaks something else is an error like others.
func TestNotAControlPlane(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func(c net.Conn) {
				c.Write([]byte("220 mail.example ESMTP\r\n"))
				c.Close()
			}(c)
		}
	}()
	t.Cleanup(func() { l.Close() })
	seen := make(failures, 10_000)
	follow(t, Config{Address: at(t, "grpc://"+l.Addr().String()), Observer: &seen})
	for range 3 {
		if err := await(t, seen, "failure"); !strings.Contains(err.Error(), "Unavailable") {
			t.Errorf("failure %v", err)
		}
	}
}
