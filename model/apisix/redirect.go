package apisix

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// redirect answers with a Location, unless regex_uri does not match.
func (x *exchange) redirect(p *conf.Redirect) bool {
	location := ""
	switch {
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
	status := p.RetCode
	if status == 0 {
		status = http.StatusFound
	}
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
