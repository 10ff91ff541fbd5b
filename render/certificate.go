package render

import (
	"encoding/pem"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// What APISIX's schema allows as the length of a certificate and of a private key.
const (
	leastCertificate = 128
	leastKey         = 64
	mostPEM          = 64 * 1024
)

// keyPair is a certificate and its key, or what is wrong with them.
func keyPair(c *tlsv3.TlsCertificate) (pair *apisix.UpstreamTLS, problem string) {
	if c.GetPrivateKeyProvider() != nil || c.GetPkcs12() != nil || c.GetPassword() != nil {
		return nil, "is not plain PEM"
	}
	chain, problem := pemOf(c.GetCertificateChain(), "CERTIFICATE")
	if problem != "" {
		return nil, problem
	}
	key, problem := pemOf(c.GetPrivateKey(), "PRIVATE KEY")
	if problem != "" {
		return nil, "has a key that " + problem
	}
	if len(chain) < leastCertificate || len(chain) > mostPEM || len(key) < leastKey || len(key) > mostPEM {
		return nil, "is shorter or longer than APISIX allows"
	}
	return &apisix.UpstreamTLS{ClientCert: chain, ClientKey: key}, ""
}

// pemOf is the PEM blocks in a data source whose type ends in kind, or what is wrong with it. The text is made anew, so
// that what stands around the blocks does not reach the output.
func pemOf(s *corev3.DataSource, kind string) (text, problem string) {
	content, ok := inline(s)
	if !ok {
		return "", "is in a file or a variable, which only Envoy reads"
	}
	if strings.Contains(content, redacted) {
		return "", "is redacted in the dump"
	}
	rest := []byte(content)
	var b strings.Builder
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Headers["Proc-Type"] != "" || strings.HasPrefix(block.Type, "ENCRYPTED") {
			return "", "is encrypted"
		}
		if strings.HasSuffix(block.Type, kind) {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: kindOfBlock(block.Type, kind), Bytes: block.Bytes}))
		}
	}
	if b.Len() == 0 {
		return "", "is not PEM"
	}
	return b.String(), ""
}

// redacted is what Envoy's admin interface writes in place of a secret.
const redacted = "[redacted]"

// kindOfBlock is a block's type if it is one that there is, else kind.
func kindOfBlock(of, kind string) string {
	switch of {
	case "RSA PRIVATE KEY", "EC PRIVATE KEY", "TRUSTED CERTIFICATE":
		return of
	}
	return kind
}
