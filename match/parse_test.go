package match

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for _, tc := range []struct {
		text, authority string
		want            URL
	}{
		{"reviews:9080/x?a=b", "reviews:9080", URL{"http", "reviews", 9080, "/x?a=b"}},
		{"http://reviews", "reviews", URL{"http", "reviews", 80, "/"}},
		{"http://reviews:80/", "reviews", URL{"http", "reviews", 80, "/"}},
		{"https://a.test:443", "a.test", URL{"https", "a.test", 443, "/"}},
		{"HTTPS://A.test:80?q", "A.test:80", URL{"https", "A.test", 80, "/?q"}},
		{"[::1]:8080/x", "[::1]:8080", URL{"http", "::1", 8080, "/x"}},
		{"[2001:DB8::1]", "[2001:db8::1]", URL{"http", "2001:db8::1", 80, "/"}},
		{"10.0.0.1:9080", "10.0.0.1:9080", URL{"http", "10.0.0.1", 9080, "/"}},
		// The path is the client's: nothing in it is decoded, resolved or encoded.
		{`a//x/../%2F%zz;p\`, "a", URL{"http", "a", 80, `//x/../%2F%zz;p\`}},
		{"a/x#fragment", "a", URL{"http", "a", 80, "/x"}},
		{"a/?to=https://b/", "a", URL{"http", "a", 80, "/?to=https://b/"}},
	} {
		got, err := ParseURL(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("%s: got %+v, %v, want %+v", tc.text, got, err, tc.want)
		}
		if got := got.authority(); got != tc.authority {
			t.Errorf("%s: authority: got %q, want %q", tc.text, got, tc.authority)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"":               "has no host",
		"/x":             "has no host",
		"http://":        "has no host",
		"http:///x":      "has no host",
		"ftp://a/":       `scheme "ftp" is not http or https`,
		"://a/":          `scheme "" is not`,
		"a:0/":           `port "0"`,
		"a:65536":        `port "65536"`,
		"a:b":            `port "b"`,
		"a:":             `port ""`,
		"me@a/":          "user name",
		"a/ b":           "percent-encoded",
		"a/\x01":         "percent-encoded",
		"a/\n":           "percent-encoded",
		"bücher.test/":   "not a host name",
		"[::1":           "not an IPv6 address",
		"[10.0.0.1]":     "not an IPv6 address",
		"[fe80::1%eth0]": "not an IPv6 address",
		"[::1]x":         `port "x"`,
		"*.test":         "not a host name",
	} {
		if _, err := ParseURL(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %v, want an error that contains %q", text, err, why)
		}
	}
}

func TestParseHeader(t *testing.T) {
	got, err := ParseHeader("End-User:  jason: or kate ")
	if err != nil || got.Name != "end-user" || got.Value != "jason: or kate" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ParseHeader("x-empty:"); err != nil || got.Value != "" {
		t.Errorf("an empty value: got %q, %v", got, err)
	}
	for _, text := range []string{"", "a", ": b", ":path: /", "a b: c", "a : b", "a: b\r\nc: d", "a: \x00"} {
		if got, err := ParseHeader(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}

func TestParseMethod(t *testing.T) {
	for _, text := range []string{"GET", "PROPFIND", "x-own"} {
		if got, err := ParseMethod(text); err != nil || got != text {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "get", "GET /", "CONNECT", "G\x00T"} {
		if got, err := ParseMethod(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"reviews:9080/x?a=b", "https://[::1]:1/#", "a: b", "GET", "http://a:b@c", "[::ffff:1.2.3.4]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := ParseURL(text); err == nil {
			again, err := ParseURL(u.Scheme + "://" + u.authority() + u.Target)
			if err != nil || again != u {
				t.Errorf("%q is %+v, which written out is %+v, %v", text, u, again, err)
			}
		}
		if h, err := ParseHeader(text); err == nil {
			if again, err := ParseHeader(h.Name + ": " + h.Value); err != nil || again != h {
				t.Errorf("%q is %q, which written out is %q, %v", text, h, again, err)
			}
		}
		if m, err := ParseMethod(text); err == nil && m != text {
			t.Errorf("the method %q is read as %q", text, m)
		}
	})
}
