package cmd

import (
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/xds"
)

func TestConnection(t *testing.T) {
	root, token := fileOf(t, "root"), fileOf(t, "token")
	for _, test := range []struct {
		name  string
		flags connectionFlags
		want  xds.Config
	}{
		{"plain text", connectionFlags{xds: "grpc://istiod:15010", mode: "sotw"}, xds.Config{Mode: xds.StateOfTheWorld}},
		{"plain text gets no default token", connectionFlags{xds: "grpc://istiod:15010", defaultRootCert: root, defaultTokenFile: token},
			xds.Config{}},
		{"TLS in an injected pod", connectionFlags{xds: "grpcs://istiod:15012", defaultRootCert: root, defaultTokenFile: token},
			xds.Config{TLS: xds.TLS{RootFile: root}, TokenFile: token}},
		{"TLS elsewhere", connectionFlags{xds: "grpcs://istiod:15012", defaultRootCert: root + "-", defaultTokenFile: token + "-"},
			xds.Config{}},
		{"TLS with everything given", connectionFlags{xds: "grpcs://10.0.0.1:15012", mode: "delta", rootCert: "r", serverName: "n",
			tokenFile: "t", defaultRootCert: root, defaultTokenFile: token},
			xds.Config{Mode: xds.Delta, TLS: xds.TLS{RootFile: "r", ServerName: "n"}, TokenFile: "t"}},
		{"a client certificate takes the place of the default token",
			connectionFlags{xds: "grpcs://istiod:15012", clientCert: "c", clientKey: "k", defaultTokenFile: token},
			xds.Config{TLS: xds.TLS{CertFile: "c", KeyFile: "k"}}},
		{"a token in plain text", connectionFlags{xds: "grpc://istiod:15010", tokenFile: "t", plaintextToken: true},
			xds.Config{TokenFile: "t", PlaintextToken: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.flags.connection()
			if err != nil {
				t.Fatal(err)
			}
			if got.Address.String() != test.flags.xds {
				t.Errorf("got address %s, want %s", got.Address, test.flags.xds)
			}
			if got.Mode != test.want.Mode || got.TLS != test.want.TLS || got.TokenFile != test.want.TokenFile ||
				got.PlaintextToken != test.want.PlaintextToken {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestConnectionRefuses(t *testing.T) {
	for _, test := range []struct {
		flags connectionFlags
		want  string
	}{
		{connectionFlags{}, "no control plane given: --xds names its address"},
		{connectionFlags{xds: "istiod:15010"}, `address "istiod:15010"`},
		{connectionFlags{xds: "grpc://istiod:15010", mode: "rest"}, `"rest"`},
	} {
		if _, err := test.flags.connection(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.flags, err, test.want)
		}
	}
}
