package envoy

import (
	"strconv"
	"strings"
	"time"

	udpav1 "github.com/cncf/xds/go/udpa/type/v1"
	xdsv3 "github.com/cncf/xds/go/xds/type/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/model"
)

// stream is a request on its way through the HTTP filters.
type stream struct {
	*request
	*choice
	delay time.Duration
	// encode are what filters do to the response, if there is one, in the order of the filters.
	encode []func([]model.Header) []model.Header
}

// A settings is a filter's configuration, prepared: for a listener, or for a route or another level. Of the levels'
// settings it gets those of its own filter, most specific first. It returns the answer that ends the request's way, and
// nil to let the request pass.
type settings interface {
	decode(s *stream, levels []any) *model.Outcome
}

// httpFilter is an HTTP filter of a connection manager.
type httpFilter struct {
	name     string
	disabled bool // unless a route's configuration says otherwise
	settings settings
}

func newHTTPFilters(msg []*hcmv3.HttpFilter) []httpFilter {
	var out []httpFilter
	for _, f := range msg {
		filter := httpFilter{name: f.GetName(), disabled: f.GetDisabled()}
		switch s := newSettings(f.GetTypedConfig()).(type) {
		case settings:
			filter.settings = s
		default:
			filter.settings = unknownFilter(typeName(f.GetTypedConfig()))
		}
		out = append(out, filter)
	}
	return out
}

// runFilters takes the request through the filters to what its route does, and the response back.
func runFilters(filters []httpFilter, s *stream) model.Outcome {
	o := s.decode(filters)
	for i := len(s.encode) - 1; i >= 0; i-- {
		o.ResponseHeaders = s.encode[i](o.ResponseHeaders)
	}
	if isGRPC(s.request) == model.Yes && o.Reason != corsAnswer {
		o = asGRPC(o)
	}
	o.Delay = s.delay
	return o
}

func (s *stream) decode(filters []httpFilter) model.Outcome {
	for _, f := range filters {
		levels, disabled, said := s.configs(f.name)
		if said && disabled || !said && f.disabled {
			continue
		}
		if o := f.settings.decode(s, levels); o != nil {
			o.Filter = f.name
			return s.placed(*o)
		}
	}
	return s.serve(s.request)
}

// refuse is the answer of a filter. The operations on response headers apply to it if the route forwards; added are the
// filter's own headers, which come after them.
func (s *stream) refuse(status int, body, why string, added ...model.Header) *model.Outcome {
	o := &model.Outcome{Kind: model.Answered, Status: status, Body: body, Reason: why}
	if s.route != nil && s.route.forwards {
		headers, problem := s.response(s.request, nil)
		if problem != "" {
			return s.unsure(problem)
		}
		o.ResponseHeaders = headers
	}
	for _, h := range added {
		o.ResponseHeaders = set(o.ResponseHeaders, h.Name, h.Value)
	}
	if body == "" {
		o.ResponseHeaders = removed(o.ResponseHeaders, "content-type")
	}
	o.ResponseHeaders = foreign(o.ResponseHeaders)
	return o
}

// unsure is that nobody knows what a filter does.
func (s *stream) unsure(why string) *model.Outcome {
	return &model.Outcome{Kind: model.Undecided, Reason: why}
}

// filterConfigs are the filters' configurations of one level, by the name of the filter.
type filterConfigs map[string]filterConfig

// filterConfig is what one level has for a filter. That it has something enables the filter, but for FilterConfig's
// disabled.
type filterConfig struct {
	disabled bool
	settings any // nil if the level only enables or disables
}

func newFilterConfigs(msg map[string]*anypb.Any) filterConfigs {
	out := filterConfigs{}
	for name, config := range msg {
		wrapper := &routev3.FilterConfig{}
		if !config.MessageIs(wrapper) {
			out[name] = filterConfig{settings: newSettings(config)}
			continue
		}
		switch err := config.UnmarshalTo(wrapper); {
		case err != nil:
			out[name] = filterConfig{settings: unknownFilter(err.Error())}
		case wrapper.GetDisabled() || wrapper.GetConfig().GetTypeUrl() == "":
			out[name] = filterConfig{disabled: wrapper.GetDisabled()}
		default:
			out[name] = filterConfig{settings: newSettings(wrapper.GetConfig())}
		}
	}
	return out
}

// newSettings prepares a filter's configuration for a listener, which is then settings, or for another level.
func newSettings(config *anypb.Any) any {
	if inert[typeName(config)] {
		return inertFilter{}
	}
	msg, err := config.UnmarshalNew()
	if err != nil {
		return unknownFilter(typeName(config))
	}
	switch m := msg.(type) {
	case *rbacv3.RBAC:
		return newRBAC(m)
	case *rbacv3.RBACPerRoute:
		return newRBAC(m.GetRbac())
	case *faultv3.HTTPFault:
		return newFault(m)
	case *corsv3.Cors:
		return corsFilter{}
	case *corsv3.CorsPolicy:
		return corsPolicy(m)
	case *jwtv3.JwtAuthentication:
		return newJWT(m)
	case *jwtv3.PerRouteConfig:
		return m
	case *authzv3.ExtAuthzPerRoute:
		return authzPerRoute{disabled: m.GetDisabled()}
	case *authzv3.ExtAuthz:
		return authzFilter{}
	}
	return unknownFilter(typeName(config))
}

// The filters that do nothing which the model looks at.
var inert = map[string]bool{
	"envoy.extensions.filters.http.router.v3.Router":            true,
	"envoy.extensions.filters.http.grpc_stats.v3.FilterConfig":  true,
	"envoy.extensions.filters.http.grpc_web.v3.GrpcWeb":         true, // it translates bodies
	"io.istio.http.peer_metadata.Config":                        true,
	"istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig": true,
	"stats.PluginConfig":                                        true,
}

type inertFilter struct{}

func (inertFilter) decode(*stream, []any) *model.Outcome { return nil }

// unknownFilter is a filter of a type that is not modelled.
type unknownFilter string

func (f unknownFilter) decode(s *stream, _ []any) *model.Outcome {
	return s.unsure("HTTP filter " + strconv.Quote(string(f)) + " is not modelled")
}

// authzFilter is ext_authz: a service says whether the request may pass.
type authzFilter struct{}

type authzPerRoute struct{ disabled bool }

func (authzFilter) decode(s *stream, levels []any) *model.Outcome {
	if len(levels) > 0 {
		if level, ok := levels[0].(authzPerRoute); ok && level.disabled {
			return nil
		}
	}
	return s.unsure("what ext_authz's service says is not known")
}

// typeName is the message type of a configuration, which may travel as a TypedStruct.
func typeName(a *anypb.Any) string {
	url := a.GetTypeUrl()
	udpa, xds := &udpav1.TypedStruct{}, &xdsv3.TypedStruct{}
	switch {
	case a.MessageIs(udpa) && a.UnmarshalTo(udpa) == nil:
		url = udpa.GetTypeUrl()
	case a.MessageIs(xds) && a.UnmarshalTo(xds) == nil:
		url = xds.GetTypeUrl()
	}
	return url[strings.LastIndexByte(url, '/')+1:]
}
