package cmd

import (
	"errors"
	"os"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/xds"
)

// Where Istio's injector puts what a proxy needs on istiod's secure port.
const (
	istioRootCert = "/var/run/secrets/istio/root-cert.pem"
	istioToken    = "/var/run/secrets/tokens/istio-token"
)

// connectionFlags say where the control plane is, and how to talk to it.
type connectionFlags struct {
	xds, mode                         string
	rootCert, serverName              string
	clientCert, clientKey             string
	tokenFile                         string
	plaintextToken                    bool
	defaultRootCert, defaultTokenFile string // used for encrypted addresses, where they exist
}

func (f *connectionFlags) declareConnection(set *pflag.FlagSet) {
	defer heading(set, "Control plane")()
	f.defaultRootCert, f.defaultTokenFile = istioRootCert, istioToken
	set.StringVar(&f.xds, "xds", "", "`ADDRESS` of the control plane: grpc://HOST:PORT in plain text (istiod's port 15010), "+
		"grpcs://HOST:PORT by TLS (15012) or unix:///PATH")
	set.StringVar(&f.mode, "xds-mode", "auto", "`MODE` of the protocol")
	choices(set, "xds-mode",
		"auto: delta wherever the control plane speaks it",
		"delta: only what has changed is sent",
		"sotw: state of the world, all of a kind is sent whenever some has changed")
	set.StringVar(&f.rootCert, "xds-root-cert", "", "PEM `FILE` of the certificates that the control plane's must descend from "+
		"(default "+istioRootCert+" where there is one, else the system's)")
	set.StringVar(&f.serverName, "xds-server-name", "", "`NAME` in the control plane's certificate (default: the address's host)")
	set.StringVar(&f.tokenFile, "xds-token-file", "", "`FILE` with the bearer token to show; read again for each stream "+
		"(default "+istioToken+" where there is one, on encrypted connections)")
	set.BoolVar(&f.plaintextToken, "xds-plaintext-token", false, "send the token even to a grpc:// address, for everybody on the way to read")
	set.StringVar(&f.clientCert, "xds-client-cert", "", "PEM `FILE` of the client's certificate chain; read again for each connection")
	set.StringVar(&f.clientKey, "xds-client-key", "", "PEM `FILE` of the client's private key")
}

// connection is how to follow the control plane. Whose configuration to ask for is not in it.
func (f *connectionFlags) connection() (c xds.Config, err error) {
	if f.xds == "" {
		return c, errors.New("no control plane given: --xds names its address")
	}
	if c.Address, err = xds.ParseAddress(f.xds); err != nil {
		return c, err
	}
	if c.Mode, err = xds.ParseMode(f.mode); err != nil {
		return c, err
	}
	c.TLS = xds.TLS{RootFile: f.rootCert, ServerName: f.serverName, CertFile: f.clientCert, KeyFile: f.clientKey}
	c.TokenFile, c.PlaintextToken = f.tokenFile, f.plaintextToken
	if c.Address.Encrypted() {
		c.TLS.RootFile = orExisting(c.TLS.RootFile, f.defaultRootCert)
		if c.TLS.CertFile == "" {
			c.TokenFile = orExisting(c.TokenFile, f.defaultTokenFile)
		}
	}
	return c, nil
}

// orExisting is the path or, where that is empty, the other one if there is such a file.
func orExisting(path, other string) string {
	if path == "" {
		if _, err := os.Stat(other); err == nil {
			return other
		}
	}
	return path
}
