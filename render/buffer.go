package render

import (
	bodylimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/body_size_limit/v3"
	bufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/buffer/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var bufferFields = tableOf(&bufferv3.Buffer{}, fields{
	"max_request_bytes": rendered,
})

var bodySizeFields = tableOf(&bodylimitv3.BodySizeLimit{}, fields{
	"max_request_bytes": partly("a limit of 0 is not rendered"),
})

// buffer translates the filter that waits for the whole body of a request and refuses those that are too large with 413.
// APISIX waits for bodies as it is; client-control limits them, before all else that happens in a route.
func (r *renderer) buffer(f filterUse, inner []variant) []variant {
	config := &bufferv3.Buffer{}
	at, field := f.place()
	if f.own == nil {
		if f.config.UnmarshalTo(config) != nil {
			r.findings.dropped(at, field, unreadable)
			return inner
		}
		bufferFields.check(config, at, field+" ", &r.findings)
		return r.limitBody(inner, uint64(config.GetMaxRequestBytes().GetValue()), at, field+" ")
	}
	own := &bufferv3.BufferPerRoute{}
	switch {
	case f.own.UnmarshalTo(own) != nil:
		r.findings.dropped(at, field, unreadable)
		return inner
	case own.GetDisabled():
		return inner
	}
	bufferFields.check(own.GetBuffer(), at, field+" buffer.", &r.findings)
	return r.limitBody(inner, uint64(own.GetBuffer().GetMaxRequestBytes().GetValue()), at, field+" buffer.")
}

// bodySizeLimit translates the filter that only refuses bodies that are too large.
func (r *renderer) bodySizeLimit(f filterUse, inner []variant) []variant {
	config := &bodylimitv3.BodySizeLimit{}
	at, prefix, ok := r.inForce(f, config)
	if !ok || config.GetMaxRequestBytes() == nil {
		return inner
	}
	bodySizeFields.check(config, at, prefix, &r.findings)
	return r.limitBody(inner, config.GetMaxRequestBytes().GetValue(), at, prefix)
}

// limitBody limits the bodies of the requests that the variants take.
func (r *renderer) limitBody(inner []variant, size uint64, at *place, prefix string) []variant {
	const exact = 1 << 53 // Lua's numbers are doubles
	if size == 0 {
		r.findings.dropped(at, prefix+"max_request_bytes", "APISIX cannot refuse every body: they are not limited")
		return inner
	}
	size = min(size, exact)
	for i, v := range inner {
		plugins := copyOf(v.route.Plugins)
		if c := plugins.ClientControl; c == nil || uint64(c.MaxBodySize) > size {
			plugins.ClientControl = &apisix.ClientControl{MaxBodySize: int(size)}
		}
		inner[i].route.Plugins = plugins
	}
	return inner
}
