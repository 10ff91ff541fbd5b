package apisix

import (
	"maps"
	"slices"
	"strings"

	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// rewriteResponse is response-rewrite: it adds, sets and removes headers of whatever the response is. An entry of add is
// cut at its colon. ngx_lua never sends a header with an empty value: to set one is to remove it.
func (x *exchange) rewriteResponse(p *conf.ResponseRewrite) {
	h := p.Headers
	if h == nil {
		return
	}
	for _, header := range h.Add {
		name, text, _ := strings.Cut(header, ":")
		text = x.interpolate(strings.TrimLeft(text, space))
		x.out.ResponseHeaders = addHeader(x.out.ResponseHeaders, strings.TrimRight(name, space), notEmpty(text)...)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		x.out.ResponseHeaders = setHeader(x.out.ResponseHeaders, name, notEmpty(x.interpolate(h.Set[name]))...)
	}
	for _, name := range h.Remove {
		x.out.ResponseHeaders = setHeader(x.out.ResponseHeaders, name)
	}
}

// notEmpty is the value, if there is one.
func notEmpty(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// sent is $sent_http_<name>: a header of the response as it is now.
func (x *exchange) sent(name string) value {
	var values []string
	for _, h := range x.out.ResponseHeaders {
		if strings.ReplaceAll(strings.ToLower(h.Name), "-", "_") == name {
			values = append(values, h.Value)
		}
	}
	if len(values) == 0 {
		return value{}
	}
	return str(strings.Join(values, ", "))
}
