package render

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A redirectRequest is what a Location depends on.
type redirectRequest struct{ scheme, host, target string }

func (q redirectRequest) path() string { path, _, _ := strings.Cut(q.target, "?"); return path }

// envoyLocation is Envoy's Utility::newUri, after the router has rewritten the path.
func envoyLocation(d *routev3.RedirectAction, matched string, q redirectRequest) string {
	scheme, host, port, target := q.scheme, q.host, "", q.target
	if to := d.GetPrefixRewrite(); to != "" {
		target = to + strings.TrimPrefix(target, matched)
	}
	if s := newScheme(d); s != "" {
		scheme = s
	}
	if d.GetPortRedirect() != 0 {
		port = ":" + strconv.Itoa(int(d.GetPortRedirect()))
	}
	if name, own, ok := strings.Cut(host, ":"); ok && (port != "" || scheme != q.scheme && (q.scheme == "http" && own == "80" || q.scheme == "https" && own == "443")) {
		host = name
	}
	if d.GetHostRedirect() != "" {
		host = d.GetHostRedirect()
	}
	path, query, has := strings.Cut(target, "?")
	if to := d.GetPathRedirect(); to != "" {
		path = to
		has = has && !strings.Contains(to, "?")
	}
	if has && !d.GetStripQuery() {
		path += "?" + query
	}
	return scheme + "://" + host + port + "/" + strings.TrimPrefix(path, "/")
}

// apisixLocation is the Location of the first variant whose conditions hold, by what its plugins do.
func apisixLocation(t *testing.T, variants []variant, q redirectRequest) string {
	name, _, _ := strings.Cut(q.host, ":")
	_, args, _ := strings.Cut(q.target, "?")
	variables := map[string]string{"scheme": q.scheme, "http_host": q.host, "host": name, "real_request_uri": q.target,
		"uri": q.path(), "args": args, "is_args": strings.Repeat("?", min(1, len(args)))}
	for _, v := range variants {
		if !allHold(v.vars, variables) {
			continue
		}
		if p := v.route.Plugins.ProxyRewrite; p != nil {
			path := firstReplace(pathRewrite{p.RegexURI[0], p.RegexURI[1]}, q.path())
			variables["upstream_uri"] = (&url.URL{Path: path}).EscapedPath() + variables["is_args"] + args
		}
		if p := v.route.Plugins.Redirect; p != nil {
			return interpolate(p.URI, variables)
		}
		return interpolate(v.route.Plugins.FaultInjection.Abort.Headers["Location"], variables)
	}
	t.Fatal("no variant takes the request: it would be forwarded")
	return ""
}

func allHold(list []apisix.Expr, variables map[string]string) bool {
	for _, x := range list {
		if !holds(x, variables) {
			return false
		}
	}
	return true
}

func holds(x apisix.Expr, variables map[string]string) bool {
	switch {
	case x.Logic == "AND":
		return allHold(x.Operands, variables)
	case x.Logic == "OR":
		for _, o := range x.Operands {
			if holds(o, variables) {
				return true
			}
		}
		return false
	case x.Op == apisix.OpRegex:
		return regexp.MustCompile(x.Value.(string)).MatchString(variables[x.Var])
	}
	return variables[x.Var] == x.Value
}

// TestRedirectLocation compares the Location of every combination of parts, for several requests, with Envoy's.
func TestRedirectLocation(t *testing.T) {
	var actions []*routev3.RedirectAction
	for _, scheme := range []string{"", "http", "https", "ftp"} {
		for _, host := range []string{"", "new.example", "new.example:99", "a$b"} {
			for _, port := range []uint32{0, 8443} {
				for _, path := range []string{"", "/new", "new", "/new?own=1", "/$a", "prefix"} {
					for _, strip := range []bool{false, true} {
						d := &routev3.RedirectAction{HostRedirect: host, PortRedirect: port, StripQuery: strip}
						if scheme != "" {
							d.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: scheme}
						}
						switch path {
						case "":
						case "prefix":
							d.PathRewriteSpecifier = &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: "/to/"}
						default:
							d.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{PathRedirect: path}
						}
						actions = append(actions, d)
					}
				}
			}
		}
	}
	match := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/from/"}}
	for _, d := range actions {
		r := &renderer{}
		variants := r.redirect(d, match, resource("route", "r"))
		if len(variants[len(variants)-1].vars) > 0 {
			t.Errorf("%v: the last variant has conditions: requests fall to other routes", d)
		}
		for _, q := range []redirectRequest{
			{"http", "old.example", "/from/a"}, {"http", "old.example:80", "/from/a?b=c"}, {"http", "old.example:9080", "/from/"},
			{"https", "old.example:443", "/from/a?b"}, {"http", "old.example:443", "/from/a"},
		} {
			if d.GetStripQuery() && strings.Contains(q.target, "?") && (d.GetPrefixRewrite() != "" || strings.Contains(d.GetHostRedirect(), "$")) {
				continue // a finding says so
			}
			if got, want := apisixLocation(t, variants, q), envoyLocation(d, "/from/", q); got != want {
				t.Errorf("%v for %v: got %s, want %s", d, q, got, want)
			}
		}
	}
}
