package lua

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	s := start(t, configuration{}, "")
	servers := []object{
		{"names": []string{"a.com", "*.b.com"}, "to": "first"},
		{"names": []string{"*.C.b.com", "X.b.com"}, "to": "second"},
		{"names": []string{"a.com", "*.com"}, "to": "third"},
	}
	for name, want := range map[string]string{
		"a.com": "first", "y.b.com": "first", "y.z.b.com": "first",
		"x.b.com": "second", "y.c.b.com": "second", "c.b.com": "first",
		"b.com": "third", "q.a.com": "third", "com": "none", "a.org": "none", "xb.com": "third", ".b.com": "third",
		"..b.com": "first", "a.com.": "none",
	} {
		if got := s.find(t, servers, name); got != want {
			t.Errorf("%s goes to %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"a.com": "first", "anything": "all"} {
		if got := s.find(t, append(servers[:1:1], object{"names": []string{"*"}, "to": "all"}), name); got != want {
			t.Errorf("%s goes to %s, want %s", name, got, want)
		}
	}
}

func (s *server) find(t *testing.T, servers []object, name string) string {
	t.Helper()
	text, err := json.Marshal(servers)
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"servers": {string(text)}, "name": {name}}
	// nginx's Lua unescapes %20 alone, not "+".
	return strings.TrimSpace(s.ask(t, "test", "/test/names?"+strings.ReplaceAll(query.Encode(), "+", "%20")).body)
}
