package apisix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// route is a route, prepared.
type route struct {
	msg        *conf.Route
	plugins    *conf.Plugins // its own and those of its plugin_config
	incomplete bool          // there is no such plugin_config
	label      string
	uris       []string
	conditions []condition
}

// newRoute prepares a route. It is an error if APISIX would drop it, as far as that decides how requests are routed; it
// is not a full validation.
func newRoute(c *conf.Config, msg *conf.Route) (*route, error) {
	r := &route{msg: msg, label: "route/" + msg.ID, uris: msg.URIs}
	plugins, ok := c.Effective(msg)
	r.plugins, r.incomplete = plugins, !ok
	if msg.URI != "" {
		r.uris = append([]string{msg.URI}, r.uris...)
	}
	if len(r.uris) == 0 {
		return nil, errors.New("no uri")
	}
	for _, host := range msg.Hosts {
		if strings.LastIndexByte(host, '*') > 0 || host == "" {
			return nil, fmt.Errorf("host %q: only a wildcard at the start is allowed", host)
		}
	}
	for _, m := range msg.Methods {
		if !slices.Contains(knownMethods, m) {
			return nil, fmt.Errorf("unknown method %q", m)
		}
	}
	if msg.UpstreamID == "" && msg.Plugins == nil && msg.PluginConfigID == "" {
		return nil, errors.New("neither an upstream nor plugins")
	}
	for _, x := range msg.Vars {
		c, err := compile(x)
		if err != nil {
			return nil, fmt.Errorf("vars %s: %w", words(x), err)
		}
		r.conditions = append(r.conditions, c)
	}
	return r, nil
}

// The methods that a route can name. A request with another one matches only routes without methods.
var knownMethods = []string{
	"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE",
}

// matches is Yes if everything but the host and the uri holds; else why names what does not, or what nobody knows. As
// APISIX evaluates in order, an unknown condition is only passed if a later one does not hold.
func (r *route) matches(q *request) (verdict model.Verdict, why string) {
	if len(r.msg.Methods) > 0 && !slices.Contains(r.msg.Methods, q.MethodOrDefault()) {
		return model.No, "method is not " + strings.Join(r.msg.Methods, " or ")
	}
	verdict = model.Yes
	for _, c := range r.conditions {
		switch c.holds(q) {
		case model.No:
			return model.No, c.words
		case model.Unknown:
			verdict, why = model.Unknown, c.words
		}
	}
	return verdict, why
}
