package apisix

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate returns what is wrong with r on its own; see [Config.Validate].
func (r *Route) Validate(f Format) []Problem {
	c := checker{kind: "route", id: r.ID, format: f}
	if r.Raw != nil {
		return c.object(r.Raw)
	}
	c.head(r.Name, r.Desc, r.Labels)
	c.hosts(r.Hosts)
	c.uris(r)
	c.methods(r.Methods)
	c.between("priority", r.Priority, -maxExact, maxExact)
	c.timeout(r.Timeout)
	c.plugins(r)
	c.walk(reflect.ValueOf(r).Elem(), false)
	return c.problems
}

// hosts checks the schema's pattern, and that a host can match: APISIX compares it, in lower case, with a host name without
// its port, and with the brackets of an IPv6 address.
func (c *checker) hosts(hosts []string) {
	for i, host := range hosts {
		field := func() string { return fmt.Sprintf("hosts[%d]", i) }
		switch {
		case !isHost(host):
			c.add(field(), "%q is not a host name, with a * in front at most", host)
		case colonOutsideBrackets(host):
			c.add(field(), "%q never matches: hosts are compared without port", host)
		case slices.Contains(hosts[:i], host):
			c.add(field(), "%q is there twice", host)
		}
	}
}

// uris checks that uri or uris is there, not both.
func (c *checker) uris(r *Route) {
	if (r.URI == "") == (len(r.URIs) == 0) {
		c.add("uri", "exactly one of uri and uris must be set")
	}
	if r.URI != "" {
		c.oneURI("uri", r.URI)
	}
	if n := utf8.RuneCountInString(r.URI); n > MaxURI {
		c.add("uri", "has %d characters, more than %d", n, MaxURI)
	}
	for i, uri := range r.URIs {
		c.oneURI(fmt.Sprintf("uris[%d]", i), uri)
		if slices.Contains(r.URIs[:i], uri) {
			c.add(fmt.Sprintf("uris[%d]", i), "%q is there twice", uri)
		}
	}
}

// oneURI checks one uri. A "*" before its end would make the rest a regular expression in which nothing is quoted.
func (c *checker) oneURI(field, uri string) {
	if !strings.HasPrefix(uri, "/") {
		c.add(field, "%q does not start with /", uri)
	}
	if i := strings.IndexByte(uri, '*'); i >= 0 && i < len(uri)-1 {
		c.add(field, "%q has a * before its end", uri)
	}
}

func (c *checker) methods(methods []string) {
	for i, method := range methods {
		if !slices.Contains(Methods, method) {
			c.add(fmt.Sprintf("methods[%d]", i), "APISIX does not know the method %q", method)
		}
		if slices.Contains(methods[:i], method) {
			c.add(fmt.Sprintf("methods[%d]", i), "%q is there twice", method)
		}
	}
}
