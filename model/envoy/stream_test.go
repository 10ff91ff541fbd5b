package envoy

import (
	"net/netip"
	"strings"
	"testing"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/amesh-render/amesh-render/model"
)

const filterTypes = `"@type":"type.googleapis.com/envoy.extensions.filters.http.`

// managed is an HTTP connection manager with those fields, HTTP filters ("name|type|fields") and a route configuration
// with those fields.
func managed(t *testing.T, fields string, filters []string, table string) func(*model.Request) model.Outcome {
	t.Helper()
	var list []string
	for _, f := range filters {
		part := strings.SplitN(f, "|", 3)
		list = append(list, `{"name":"`+part[0]+`","typed_config":{`+filterTypes+part[1]+`"`+part[2]+`}}`)
	}
	if fields != "" {
		fields += ","
	}
	m := parse[*hcmv3.HttpConnectionManager](t, `{`+fields+`"http_filters":[`+strings.Join(list, ",")+`],
		"route_config":{"name":"rc",`+table+`}}`)
	manager := newManager("chain", m, &tables{hostnames: map[string]string{"named": "node.test", "bare": ""}})
	return func(r *model.Request) model.Outcome { return manager.handle(r, r.Destination, nil) }
}

// hosts is a table with one virtual host for everything; fields are those of the virtual host beside its routes.
func hosts(fields string, routes ...string) string {
	return `"virtual_hosts":[{"name":"v","domains":["*"],` + fields + `"routes":[` + strings.Join(routes, ",") + `]}]`
}

// arriving is a request on a connection between two known addresses.
func arriving(authority, target string, headers ...model.Header) *model.Request {
	r := get(authority, target, headers...)
	r.Remote = netip.MustParseAddrPort("10.3.0.1:40000")
	r.Destination = netip.MustParseAddrPort("10.0.0.1:8001")
	return r
}

// headers is "name: value" lines as headers.
func headers(lines ...string) []model.Header {
	var out []model.Header
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		out = append(out, model.Header{Name: name, Value: strings.TrimPrefix(value, " ")})
	}
	return out
}

// shown is headers in one line, equal for equal headers.
func shown(list []model.Header) string {
	var out []string
	for _, h := range model.Combined(list) {
		out = append(out, h.Name+": "+h.Value)
	}
	return strings.Join(out, "; ")
}
