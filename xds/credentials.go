package xds

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// TLS says how the client knows the server, and the server the client. The server's certificate is always verified. The
// files, all PEM, are read for every connection, so that certificates can be renewed.
type TLS struct {
	// RootFile holds the certificates that the server's must descend from; the system's roots if "". Istio puts its own into
	// the ConfigMap istio-ca-root-cert.
	RootFile string
	// ServerName is the name in the server's certificate, the address's host if "". Istiod's is istiod.istio-system.svc.
	ServerName string
	// CertFile and KeyFile hold the client's certificate chain and key, if it has any.
	CertFile, KeyFile string
}

// transport is how a connection is secured, with the files as they are now.
func (c *Config) transport() (credentials.TransportCredentials, error) {
	if !c.Address.Encrypted() {
		return insecure.NewCredentials(), nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TLS.ServerName}
	if file := c.TLS.RootFile; file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("root certificates: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("root certificates: %q holds none", file)
		}
	}
	if c.TLS.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(t), nil
}

// authorized returns a context whose calls carry the bearer token, as it is now.
func (c *Config) authorized(ctx context.Context) (context.Context, error) {
	if c.TokenFile == "" {
		return ctx, nil
	}
	b, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("token: %q does not hold a single word", c.TokenFile)
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), nil
}
