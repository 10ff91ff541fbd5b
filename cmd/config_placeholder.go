package cmd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path"
	"time"

	"gopkg.in/yaml.v3"
)

// APISIX's nginx.conf names this certificate wherever it terminates TLS, and the certificates of ssls take its place in each
// handshake. APISIX's own is hidden by the directory that we write.
const placeholderDir, placeholderCertificate, placeholderKey = "cert", "ssl_PLACE_HOLDER.crt", "ssl_PLACE_HOLDER.key"

// terminatesTLS reports whether a config.yaml, with all that --set has changed, lets nginx terminate TLS.
func terminatesTLS(config []byte) bool {
	var c struct {
		Apisix struct {
			SSL         struct{ Enable bool }
			StreamProxy struct{ TCP []any } `yaml:"stream_proxy"`
		}
	}
	if yaml.Unmarshal(config, &c) != nil {
		return false
	}
	for _, listener := range c.Apisix.StreamProxy.TCP {
		if l, ok := listener.(map[string]any); ok && l["tls"] == true {
			return true
		}
	}
	return c.Apisix.SSL.Enable
}

// writePlaceholder writes a certificate that nobody trusts, and its key, unless both are there.
func (d confDir) writePlaceholder() error {
	if d.has(path.Join(placeholderDir, placeholderCertificate)) && d.has(path.Join(placeholderDir, placeholderKey)) {
		return nil
	}
	certificate, key, err := placeholder()
	if err != nil {
		return err
	}
	if err := d.makeDir(placeholderDir); err != nil {
		return err
	}
	if err := d.write(path.Join(placeholderDir, placeholderKey), key); err != nil {
		return err
	}
	return d.write(path.Join(placeholderDir, placeholderCertificate), certificate)
}

// placeholder is a self-signed certificate and its key, in PEM. The key is always the same, so that files of two containers
// that write at once fit; it protects nothing.
func placeholder() (certificate, key []byte, err error) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "placeholder"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0), // never valid
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
