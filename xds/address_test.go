package xds

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	good := []struct {
		text, host, target string
		encrypted, private bool
	}{
		{"grpc://istiod.istio-system.svc:15010", "istiod.istio-system.svc", "dns:///istiod.istio-system.svc:15010", false, false},
		{"grpcs://istiod.istio-system.svc:15012/", "istiod.istio-system.svc", "dns:///istiod.istio-system.svc:15012", true, true},
		{"grpc://[::1]:15010", "::1", "dns:///%5B::1%5D:15010", false, false},
		{"unix:///etc/istio/proxy/XDS", "", "unix:///etc/istio/proxy/XDS", false, true},
	}
	for _, c := range good {
		a, err := ParseAddress(c.text)
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case a.host != c.host || a.target != c.target || a.Encrypted() != c.encrypted || a.private() != c.private:
			t.Errorf("%s: got %+v", c.text, a)
		case a.String() != c.text:
			t.Errorf("%s: String is %q", c.text, a)
		}
	}
	bad := map[string]string{
		"":                         "unknown scheme",
		"istiod:15010":             "not a URL",
		"127.0.0.1:15010":          "not a URL",
		"http://istiod:15010":      "unknown scheme",
		"grpc://istiod":            "no port",
		"grpc://istiod:0":          "no port",
		"grpc://istiod:70000":      "no port",
		"grpc://istiod:http":       "not a URL",
		"grpc://:15010":            "no host",
		"grpc://me@istiod:15010":   "more than",
		"grpc://istiod:15010?x=1":  "more than",
		"grpc://istiod:15010/path": "a path",
		"unix://etc/istio":         "absolute",
		"unix:etc":                 "not a URL",
		"unix://":                  "absolute",
	}
	for text, why := range bad {
		a, err := ParseAddress(text)
		if err == nil {
			t.Errorf("%q: no error, but %+v", text, a)
		} else if !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "grpcs://HOST:PORT") {
			t.Errorf("%q: %v, expected %q", text, err, why)
		}
	}
}

func TestParseMode(t *testing.T) {
	for text, want := range map[string]Mode{"": Auto, "auto": Auto, "delta": Delta, "sotw": StateOfTheWorld} {
		if got, err := ParseMode(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	if _, err := ParseMode("both"); err == nil || !strings.Contains(err.Error(), `"both"`) {
		t.Errorf("both: %v", err)
	}
}
