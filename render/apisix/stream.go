package apisix

import (
	"slices"
)

// StreamRoute is an APISIX route for TCP connections, which go by addresses only. Of several that hold for a connection,
// APISIX takes the first of the file, which is sorted by id.
//
// APISIX compares ServerAddr and ServerPort with the address that the connection came to, after any redirect; our plugin
// amesh-destination makes that the address that the client dialled.
type StreamRoute struct {
	ID     string
	Name   string
	Labels map[string]string
	// ServerAddr is an IP address or a CIDR; "" is any, as is port 0.
	ServerAddr string
	ServerPort int
	// Plugins are the configurations of stream plugins, by name, as encoding/json would decode them.
	Plugins map[string]any
	// UpstreamID names an Upstream of the same file. One without nodes closes the connection.
	UpstreamID string
}

// ClosedName is the name of an upstream without nodes that closes the connections of a stream route on purpose.
const ClosedName = "connections that are closed"

// Object is the route as an object of the section stream_routes.
func (s StreamRoute) Object() Object {
	o := Object{"id": s.ID}
	set := func(key string, value any, is bool) {
		if is {
			o[key] = value
		}
	}
	labels := map[string]any{}
	for k, v := range s.Labels {
		labels[k] = v
	}
	set("name", s.Name, s.Name != "")
	set("labels", labels, len(labels) > 0)
	set("server_addr", s.ServerAddr, s.ServerAddr != "")
	set("server_port", s.ServerPort, s.ServerPort != 0)
	set("plugins", s.Plugins, len(s.Plugins) > 0)
	set("upstream_id", s.UpstreamID, s.UpstreamID != "")
	return o
}

// UpstreamIDs are the ids of the upstreams that the object names, in itself and in its plugins, sorted.
func (o Object) UpstreamIDs() []string {
	var ids []string
	collectUpstreams(map[string]any(o), &ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func collectUpstreams(value any, ids *[]string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if id := (Object{"id": inner}).ID(""); key == "upstream_id" && id != "" {
				*ids = append(*ids, id)
			}
			collectUpstreams(inner, ids)
		}
	case []any:
		for _, inner := range v {
			collectUpstreams(inner, ids)
		}
	}
}
