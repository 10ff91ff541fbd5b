package render

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

func number(x any) float64 {
	switch x := x.(type) {
	case int:
		return float64(x)
	case float64:
		return x
	}
	return 0
}

// beside is a user's configuration of a plugin together with the one that the route has; if that cannot be, reason says
// why. What the result says of the user's is what APISIX would take, as far as can be known: else it would leave out the route.
func beside(p *apisix.Plugins, name string, conf map[string]any) (together map[string]any, reason string) {
	switch name {
	case "response-rewrite":
		return mergeRewrite(p.ResponseRewrite, p.ResponseRewrite.Meta, conf, responseParts, readResponseHeaders)
	case "proxy-rewrite":
		own := *p.ProxyRewrite
		if own.URI == "" && own.RegexURI == nil && conf["uri"] != nil {
			own.UseRealRequestURI = false
		}
		return mergeRewrite(&own, own.Meta, conf, requestParts, readRequestHeaders)
	case "traffic-split":
		return nil, "the route has this plugin already: it divides requests among clusters as the mesh says"
	}
	return nil, "the route has this plugin already, as the mesh says"
}

// parts are what of a configuration can stand beside the route's own, and what is wrong with a value of it; "" if nothing.
type parts map[string]func(any) string

var responseParts = parts{
	"headers": anything, "body": isText, "status_code": isBetween(200, 598),
	"body_base64": func(x any) string { return wrongUnless(x == true || x == false, "neither true nor false") },
}

var requestParts = parts{
	"headers": anything, "method": isText,
	"host": func(x any) string {
		s, _ := x.(string)
		return wrongUnless(apisix.IsRewriteHost(s), "no host that APISIX takes")
	},
	"uri": func(x any) string {
		s, _ := x.(string)
		return wrongUnless(strings.HasPrefix(s, "/") && len(s) <= apisix.MaxURI, "no path")
	},
}

func anything(any) string { return "" }

func isText(x any) string {
	_, ok := x.(string)
	return wrongUnless(ok, "no string")
}

func isBetween(low, high int) func(any) string {
	return func(x any) string {
		n, ok := x.(int)
		return wrongUnless(ok && n >= low && n <= high, fmt.Sprintf("not a number from %d to %d", low, high))
	}
}

func wrongUnless(ok bool, what string) string {
	if ok {
		return ""
	}
	return what
}

// mergeRewrite puts a user's part of a plugin that rewrites beside the route's own.
func mergeRewrite(own any, meta *apisix.Meta, conf map[string]any, allowed parts, read headerReader) (map[string]any, string) {
	if meta != nil {
		return nil, "the route has this plugin already, for some of the requests"
	}
	var out map[string]any
	if text, err := json.Marshal(own); err != nil || json.Unmarshal(text, &out) != nil {
		return nil, "the route has this plugin already"
	}
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		check := allowed[key]
		switch {
		case check == nil:
			return nil, fmt.Sprintf("the route has this plugin already, and %s cannot stand beside that", key)
		case check(conf[key]) != "":
			return nil, fmt.Sprintf("the route has this plugin already, and with %s, which is %s, APISIX would leave out "+
				"the route", key, check(conf[key]))
		case key == "headers":
			headers, reason := mergeHeaders(out["headers"], conf["headers"], read)
			if reason != "" {
				return nil, reason
			}
			out["headers"] = headers
		case out[key] != nil || key == "uri" && out["regex_uri"] != nil:
			return nil, fmt.Sprintf("the route has this plugin already, and sets %s as the mesh says", key)
		default:
			out[key] = conf[key]
		}
	}
	if conf["body_base64"] == true {
		body, _ := conf["body"].(string)
		if _, err := base64.StdEncoding.DecodeString(body); err != nil || body == "" {
			return nil, "the route has this plugin already, and with a body that is not base64 APISIX would leave out the route"
		}
	}
	return out, ""
}
