package apisix

import (
	"cmp"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// httpsPort is where http_to_https sends clients: the port of apisix.ssl.listen as APISIX's configuration has it by
// default. Another one there, or plugin_attr.redirect.https_port, replaces it; 443 is left out.
const httpsPort = ":9443"

// redirect answers with a Location, unless regex_uri does not match, or the request that must use https does.
func (x *exchange) redirect(p *conf.Redirect) bool {
	location, status := "", cmp.Or(p.RetCode, http.StatusFound)
	switch {
	case p.HTTPToHTTPS:
		if x.SchemeOrDefault() == "https" { // nginx itself sets X-Forwarded-Proto, which APISIX looks at
			return false
		}
		location, status = x.redirectURI("https://$host"+httpsPort+"$request_uri"), http.StatusPermanentRedirect
		if method := x.MethodOrDefault(); method == http.MethodGet || method == http.MethodHead {
			status = http.StatusMovedPermanently
		}
	case p.URI != "":
		location = x.redirectURI(p.URI)
	case len(p.RegexURI) == 2:
		re := compilePattern(p.RegexURI[0], false)
		if re.re == nil {
			x.out = model.Outcome{Kind: model.Undecided, Reason: "redirect: the pattern " + strconv.Quote(p.RegexURI[0])}
			return true
		}
		match := re.re.FindStringSubmatchIndex(x.uri)
		if match == nil {
			return false
		}
		location = x.uri[:match[0]] + expand(p.RegexURI[1], re.re.FindStringSubmatch(x.uri)) + x.uri[match[1]:]
	default:
		return false
	}
	x.out.ResponseHeaders = setHeader(x.out.ResponseHeaders, "location", x.finishLocation(p, location))
	return x.respond(status, "redirect")
}

func (x *exchange) finishLocation(p *conf.Redirect, location string) string {
	i := strings.IndexByte(location, '?')
	if p.EncodeURI && i >= 0 {
		location = escapeURI(location[:i]) + location[i:]
	} else if p.EncodeURI {
		location = escapeURI(location)
	}
	if !p.AppendQueryString || x.isArgs != "?" {
		return location
	}
	if i >= 0 {
		return location + "&" + x.args
	}
	return location + "?" + x.args
}

// redirectSegment is what redirect takes its uri apart by. What none of them matches, backslashes that is, is left out.
var redirectSegment = regexp.MustCompile(`(\\\$[0-9a-zA-Z_]+)|\$\{([0-9a-zA-Z_]+)\}|\$([0-9a-zA-Z_]+)|(\$|[^$\\]+)`)

// redirectURI interpolates redirect's uri, by rules of its own. An absent variable ends the table that the parts are
// joined from in Lua; here it is nothing.
func (x *exchange) redirectURI(template string) string {
	var b strings.Builder
	for _, m := range redirectSegment.FindAllStringSubmatch(template, -1) {
		if name := m[2] + m[3]; name != "" {
			if v, _ := x.variable(name); !v.absent() {
				b.WriteString(v.String())
			}
			continue
		}
		b.WriteString(m[1] + m[4])
	}
	return b.String()
}
