package schema

// kinds are the shapes of objects, by section.
var kinds = map[string]object{
	"routes":         route,
	"upstreams":      upstream,
	"services":       service,
	"plugin_configs": described(fields{"name": str(0, 0), "plugins": plugins}).needs("id", "plugins"),
	"global_rules":   kind(fields{"plugins": plugins}).needs("id", "plugins"),
	"consumers": kind(fields{
		"username": like(`^[a-zA-Z0-9_\-]+$`, "has characters other than letters, digits, '-' and '_'").long(1, nameLength),
		"group_id": id, "plugins": plugins, "desc": desc, "labels": labels,
	}).needs("username"),
	"consumer_groups": described(fields{"plugins": plugins}).needs("id", "plugins"),
	"ssls":            ssl,
	"stream_routes":   streamRoute,
	"protos":          described(fields{"content": str(1, 1<<20)}).needs("content"),
	// These have no schema that all of their objects share.
	"plugin_metadata": object{fields: fields{"id": str(1, 0)}, others: free{}}.needs("id"),
	"secrets":         object{fields: fields{"id": str(1, 0)}, others: free{}},
}

var route = described(fields{
	"uri":              str(1, 4096),
	"uris":             setOf(str(0, 0)),
	"host":             host,
	"hosts":            setOf(host),
	"methods":          listOf(method).distinct(),
	"remote_addr":      network{},
	"remote_addrs":     setOf(network{}),
	"vars":             conditions{},
	"filter_func":      luaFilter,
	"priority":         anyInteger,
	"status":           onOrOff,
	"timeout":          timeout,
	"enable_websocket": flag{},
	"plugins":          plugins,
	"plugin_config_id": id,
	"script":           code,
	"script_id":        id,
	"service_id":       id,
	"upstream":         upstream,
	"upstream_id":      id,
}).where(
	oneOrOther("uri", "uris"),
	atMostOne("host", "hosts"),
	atMostOne("remote_addr", "remote_addrs"),
	anyOf("plugins", "upstream", "upstream_id", "service_id", "script"),
	never("script", "plugins"),
	never("script", "plugin_config_id"),
)

var service = described(fields{
	"hosts":            setOf(host),
	"enable_websocket": flag{},
	"plugins":          plugins,
	"script":           code,
	"upstream":         upstream,
	"upstream_id":      id,
})

var ssl = kind(fields{
	"type":          oneOf("server", "client"),
	"sni":           host,
	"snis":          someOf(host),
	"cert":          pem,
	"key":           pemKey,
	"certs":         listOf(pem),
	"keys":          listOf(pemKey),
	"client":        loosely(fields{"ca": pem, "depth": atLeast(0), "skip_mtls_uri_regex": setOf(str(0, 0))}).needs("ca"),
	"ssl_protocols": listOf(oneOf("TLSv1.1", "TLSv1.2", "TLSv1.3")).upTo(3).distinct(),
	"status":        onOrOff,
	"ocsp_stapling": loosely(fields{"enabled": flag{}, "skip_verify": flag{}, "cache_ttl": atLeast(60)}),
	"desc":          desc,
	"labels":        labels,
}).needs("cert", "key").where(func(m map[string]any) (string, string) {
	if !is(m, "type", "server") {
		return "", ""
	}
	return oneOrOther("sni", "snis")(m)
})

var streamRoute = described(fields{
	"remote_addr": network{},
	"server_addr": network{},
	"server_port": port,
	"sni":         host,
	"plugins":     plugins,
	"protocol": loosely(fields{
		"name":        str(0, 0),
		"superior_id": id,
		"conf":        object{others: free{}},
		"logger": listOf(exactly(fields{"name": str(0, 0), "filter": listOf(free{}), "conf": object{others: free{}}}).where(
			with("name", "conf"),
		)),
	}).needs("name"),
	"service_id":  id,
	"upstream":    upstream,
	"upstream_id": id,
})
