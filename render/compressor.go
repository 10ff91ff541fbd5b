//lint:file-ignore SA1019 Control planes still send the deprecated fields.

package render

import (
	"cmp"
	"strings"

	gzipv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/compression/gzip/compressor/v3"
	compressorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/compressor/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

const (
	etagsWeakened   = "nginx weakens the ETag of what it compresses"
	encodingsPassOn = "the upstream sees Accept-Encoding, and may compress by itself"
)

var compressorFields = tableOf(&compressorv3.Compressor{}, fields{
	"content_length":                rendered,
	"content_type":                  rendered,
	"disable_on_etag_header":        near(etagsWeakened),
	"remove_accept_encoding_header": near(encodingsPassOn),
	"runtime_enabled":               rendered,
	"compressor_library":            partly("gzip only"),
	"request_direction_config":      lost("requests are not compressed"),
	"response_direction_config":     composed,
	"choose_first":                  harmless("there is one compressor"),
})

var compressorResponseFields = tableOf(&compressorv3.Compressor_ResponseDirectionConfig{}, fields{
	"common_config":                 composed,
	"disable_on_etag_header":        near(etagsWeakened),
	"weaken_etag_on_compress":       harmless("nginx does so"),
	"remove_accept_encoding_header": near(encodingsPassOn),
	"uncompressible_response_codes": near("responses are compressed whatever their status"),
	"status_header_enabled":         lost("no header says why a response is not compressed"),
})

var compressorCommonFields = tableOf(&compressorv3.Compressor_CommonDirectionConfig{}, fields{
	"enabled":              rendered,
	"min_content_length":   rendered,
	"content_type":         rendered,
	"content_type_matcher": lost("content types are named one by one: those that only a matcher names are not compressed"),
})

var gzipFields = tableOf(&gzipv3.Gzip{}, fields{
	"memory_level":         harmless("tunes the compressor"),
	"compression_level":    rendered,
	"compression_strategy": harmless("tunes the compressor"),
	"window_bits":          harmless("tunes the compressor"),
	"chunk_size":           harmless("tunes the compressor"),
})

// compressor translates the filter that compresses responses. APISIX has a plugin for gzip; the one for brotli is not
// among those that are loaded unless its configuration says so, and a route with a plugin that is not loaded is dropped.
func (r *renderer) compressor(f filterUse, inner []variant) []variant {
	config := &compressorv3.Compressor{}
	library, on := r.compressorConfig(f, config)
	if !on {
		return inner
	}
	compressorFields.check(config, f.at, f.field+" ", &r.findings)
	common, prefix := r.compressorResponse(config, f)
	if enabled := common.GetEnabled().GetDefaultValue(); common.GetEnabled() != nil && (enabled == nil || !enabled.GetValue()) {
		return inner
	}
	gzip := &gzipv3.Gzip{}
	if library.UnmarshalTo(gzip) != nil {
		r.findings.dropped(f.at, f.field+" compressor_library", "APISIX is sure to have gzip only: responses are not compressed")
		return inner
	}
	gzipFields.check(gzip, f.at, f.field+" compressor_library.", &r.findings)
	plugin := &apisix.Gzip{
		Types: r.contentTypes(common.GetContentType(), f.at, prefix+"content_type"), MinLength: minLength(common), CompLevel: gzipLevel(gzip)}
	r.findings.approximate(f.at, f.field, "nginx decides by rules of its own which clients get compressed responses (gzip_proxied, Accept-Encoding)")
	for i, v := range inner {
		if !v.forwards {
			continue
		}
		inner[i].route.Plugins = copyOf(v.route.Plugins)
		inner[i].route.Plugins.Gzip = plugin
	}
	return inner
}

// compressorConfig reads the configuration, and for a route which library is used; on is false where it does nothing.
func (r *renderer) compressorConfig(f filterUse, config *compressorv3.Compressor) (library *anypb.Any, on bool) {
	if f.config.UnmarshalTo(config) != nil {
		r.findings.dropped(f.at, f.field, unreadable)
		return nil, false
	}
	library = config.GetCompressorLibrary().GetTypedConfig()
	own := &compressorv3.CompressorPerRoute{}
	if f.own == nil {
		return library, true
	}
	if f.own.UnmarshalTo(own) != nil {
		r.findings.dropped(f.ownAt, f.ownField, unreadable)
		return nil, false
	}
	if l := own.GetOverrides().GetCompressorLibrary(); l != nil {
		library = l.GetTypedConfig()
	}
	if own.GetOverrides().GetResponseDirectionConfig().GetRemoveAcceptEncodingHeader().GetValue() {
		r.findings.approximate(f.ownAt, f.ownField+" overrides.response_direction_config.remove_accept_encoding_header", encodingsPassOn)
	}
	return library, !own.GetDisabled()
}

// compressorResponse is what is compressed, and the prefix of its fields: what deprecated fields say, unless the
// configuration for responses replaces them.
func (r *renderer) compressorResponse(config *compressorv3.Compressor, f filterUse) (*compressorv3.Compressor_CommonDirectionConfig, string) {
	response, prefix := config.GetResponseDirectionConfig(), f.field+" response_direction_config."
	if response == nil {
		return &compressorv3.Compressor_CommonDirectionConfig{
			Enabled: config.GetRuntimeEnabled(), MinContentLength: config.GetContentLength(), ContentType: config.GetContentType(),
		}, f.field + " "
	}
	compressorResponseFields.check(response, f.at, prefix, &r.findings)
	prefix += "common_config."
	compressorCommonFields.check(response.GetCommonConfig(), f.at, prefix, &r.findings)
	return response.GetCommonConfig(), prefix
}

// minLength is the least length of a response that is compressed; 0 stands for Envoy's default, too.
func minLength(c *compressorv3.Compressor_CommonDirectionConfig) int {
	return int(cmp.Or(c.GetMinContentLength().GetValue(), 30))
}

// gzipLevel is the level of compression; the default is zlib's.
func gzipLevel(g *gzipv3.Gzip) int {
	if level := int(g.GetCompressionLevel()); 1 <= level && level <= 9 {
		return level
	}
	return 6
}

// contentTypes are the types of responses that are compressed. Without any, Envoy takes those that are text.
func (r *renderer) contentTypes(list []string, at *place, field string) []string {
	var types []string
	for _, t := range list {
		if strings.TrimSpace(t) == "" || unusual(t) {
			r.findings.dropped(at, field, "%q is not a content type", t)
			continue
		}
		types = append(types, t)
	}
	if len(list) > 0 && len(types) > 0 {
		return types
	}
	return textTypes
}

// textTypes are the content types that Envoy compresses by default.
var textTypes = []string{
	"application/ecmascript", "application/javascript", "application/json", "application/x-javascript", "application/x-json",
	"application/xhtml+xml", "application/xml", "image/svg+xml", "text/css", "text/ecmascript", "text/html", "text/javascript",
	"text/js", "text/jscript", "text/plain", "text/x-javascript", "text/x-js", "text/xml",
}
