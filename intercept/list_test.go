package intercept

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		" ":                                     "",
		"80":                                    "80",
		" 9080 , 80,80":                         "80,9080",
		"*":                                     "*",
		"1-65535":                               "*",
		"80-80":                                 "80",
		"*,8000-8100,80":                        "80,8000-8100,*",
		"80,10.0.0.1:80,10.0.0.0/8:80":          "10.0.0.1:80,10.0.0.0/8:80,80",
		"10.0.0.1/32:80":                        "10.0.0.1:80",
		"10.0.0.0/8:*":                          "10.0.0.0/8:*",
		"10.0.0.1:1-100":                        "10.0.0.1:1-100",
		"[fd00:0::1]:80":                        "[fd00::1]:80",
		"[fd00::/8]:443,[::]:1":                 "[::]:1,[fd00::/8]:443",
		"[::ffff:10.0.0.1]:80":                  "10.0.0.1:80",
		"0.0.0.0/0:80,[::/0]:80":                "0.0.0.0/0:80,[::/0]:80",
		"8000-8100,80,10.0.0.2:80,10.0.0.10:80": "10.0.0.2:80,10.0.0.10:80,80,8000-8100",
	} {
		l, err := Parse(text)
		if err != nil || l.String() != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", text, l, err, want)
		}
		if again, err := Parse(l.String()); err != nil || !slices.Equal(again, l) {
			t.Errorf("Parse(%q) = %q, %v after it was printed", l, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"http":               `"http" is not a port: it is 1 to 65535, a range such as 8000-8100, or *`,
		"0":                  `"0" is not a port`,
		"65536":              `"65536" is not a port`,
		"-1":                 `"-1" is not a port`,
		"80-":                `"80-" is not a port`,
		"90-80":              `"90-80": the range ends before it begins`,
		"80,,90":             `"80,,90": an entry between commas is empty`,
		"80,":                `an entry between commas is empty`,
		":80":                `":80": no address before the colon`,
		"10.0.0.1:":          `"" is not a port`,
		"10.0.0.1":           `"10.0.0.1" is not a port`,
		"10.0.0.256:80":      `"10.0.0.256" is not an IP address`,
		"example.com:80":     `"example.com" is not an IP address`,
		"10.0.0.1/8:80":      `"10.0.0.1/8" has bits set beyond its length; did you mean 10.0.0.0/8?`,
		"10.0.0.0/33:80":     `"10.0.0.0/33" is not a range of IP addresses such as 10.0.0.0/8`,
		"fd00::1:80":         `"fd00::1:80": an IPv6 address needs brackets and a port: [fd00::1]:80`,
		"[10.0.0.1]:80":      `"[10.0.0.1]:80": brackets go around an IPv6 address`,
		"[fd00::1:80":        `brackets go around an IPv6 address`,
		"[fd00::1]":          `an IPv6 address`,
		"[fe80::1%eth0]:80":  `"fe80::1%eth0" is not an IP address`,
		"[::ffff:0:0/96]:80": `write IPv4 addresses as IPv4`,
	} {
		if l, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %q, %v; want the error %q", text, l, err, want)
		}
	}
}

// What is read and printed stays what it is.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "80", "1-65535,*", "10.0.0.0/8:80, [fd00::/8]:1-2", "[::ffff:1.2.3.4]:80", DefaultTCP, "[:", "]:1", "1.2.3.4/0:*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(l.String())
		if err != nil || !slices.Equal(again, l) {
			t.Errorf("Parse(%q) = %q; printed and read it is %q, %v", text, l, again, err)
		}
	})
}
