package apisix

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// preflight is cors on the way in: it answers every OPTIONS request.
func (x *exchange) preflight() bool {
	x.origin = x.header("origin")
	if x.MethodOrDefault() == http.MethodOptions {
		return x.respond(http.StatusOK, "cors")
	}
	return false
}

// share is cors on the way out: if the origin is allowed, whatever the response is, it gets the headers.
func (x *exchange) share(c *conf.Cors) {
	if c.AllowOrigins != "*" && c.AllowOrigins != "" {
		x.out.ResponseHeaders = addHeader(x.out.ResponseHeaders, "vary", "Origin")
	}
	origin, ok := x.allowed(c)
	if !ok {
		return
	}
	set := func(name, value string) {
		x.out.ResponseHeaders = setHeader(x.out.ResponseHeaders, "access-control-"+name, notEmpty(value)...)
	}
	set("allow-origin", origin)
	set("allow-methods", everything(c.AllowMethods, "GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE"))
	age := 5
	if c.MaxAge != nil {
		age = *c.MaxAge
	}
	set("max-age", strconv.Itoa(age))
	if c.ExposeHeaders != "" {
		set("expose-headers", c.ExposeHeaders)
	}
	set("allow-headers", everything(c.AllowHeaders, x.header("access-control-request-headers").text))
	if c.AllowCredential {
		set("allow-credentials", "true")
	}
}

// everything is what "**" stands for, and other values themselves.
func everything(value, all string) string {
	if value == "**" {
		return all
	}
	return value
}

// allowed is what Access-Control-Allow-Origin says, if the origin is allowed.
func (x *exchange) allowed(c *conf.Cors) (string, bool) {
	if c.AllowOriginsByRegex != nil {
		p := compilePattern(strings.Join(c.AllowOriginsByRegex, "|"), false)
		return x.origin.text, !x.origin.absent() && p.match(x.origin.text) == model.Yes
	}
	switch origins := c.AllowOrigins; {
	case origins == "" || origins == "*":
		return "*", true
	case origins == "**":
		return x.origin.text, !x.origin.absent()
	case strings.Contains(origins, ","):
		return x.origin.text, slices.Contains(strings.Split(origins, ","), x.origin.text)
	default:
		return origins, true
	}
}
