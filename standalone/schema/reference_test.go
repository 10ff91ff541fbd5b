package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// reference is where what APISIX's control API prints as /v1/schema may be.
const reference = "../../../shared/apisix-schema.json"

// names are the names of kinds in the reference, by section.
var names = map[string]string{
	"routes": "route", "upstreams": "upstream", "services": "service", "plugin_configs": "plugin_config", "global_rules": "global_rule",
	"consumers": "consumer", "consumer_groups": "consumer_group", "ssls": "ssl", "stream_routes": "stream_route", "protos": "proto",
}

// A schemas is the reference.
type schemas struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
}

func loadReference(t *testing.T) schemas {
	t.Helper()
	data, err := os.ReadFile(reference)
	if os.IsNotExist(err) {
		t.Skip("no ../shared/apisix-schema.json beside the repository: not held against APISIX's schemas")
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	c.UseRegexpEngine(func(s string) (jsonschema.Regexp, error) { return regexp.Compile(s) })
	if err := c.AddResource("apisix.json", doc); err != nil {
		t.Fatal(err)
	}
	return schemas{doc.(map[string]any), c}
}

func (s schemas) compile(t *testing.T, pointer string) *jsonschema.Schema {
	t.Helper()
	out, err := s.compiler.Compile("apisix.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// find is the value at a pointer in the reference.
func (s schemas) find(pointer string) map[string]any {
	var at any = s.doc
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		at = at.(map[string]any)[step]
	}
	return at.(map[string]any)
}

// subject is one of our shapes, where its like is in the reference, and values that fit.
type subject struct {
	shape   object
	pointer string
	fit     []string
}

func subjects() map[string]subject {
	out := map[string]subject{}
	for section, name := range names {
		out[section] = subject{kinds[section], "/main/" + name, fit[section]}
	}
	for name, shape := range pluginShapes {
		out[name] = subject{shape, "/plugins/" + name + "/schema", fit[name]}
	}
	return out
}

func cert(n int) string { return strings.Repeat("c", n) }

// fit are values that fit, with all fields between them.
var fit = map[string][]string{
	"routes": {
		`{"id":"r","name":"n","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"uri":"/a","host":"*.a.b","remote_addr":"10.0.0.1",
		 "methods":["GET","POST"],"vars":[["a","==","b"]],"filter_func":"function(vars) return true end","priority":-1,"status":1,
		 "timeout":{"connect":1,"send":0.5,"read":2},"enable_websocket":true,"plugins":{"cors":{}},"plugin_config_id":"p","script_id":1,"service_id":"s","upstream_id":1,
		 "upstream":{"nodes":{"a:1":1}}}`,
		`{"id":7,"uris":["/a","/b"],"hosts":["a","b"],"remote_addrs":["10.0.0.0/8","::1","fe80::/10"],"script":"function x() end"}`,
	},
	"upstreams": {
		`{"id":"u","name":"n","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"nodes":[{"host":"h","port":1,"weight":0,"priority":-1,"metadata":{"a":1}}],
		 "type":"chash","hash_on":"header","key":"k","scheme":"grpc","pass_host":"rewrite","upstream_host":"h","retries":0,"retry_timeout":0.5,
		 "timeout":{"connect":1,"send":1,"read":1},"keepalive_pool":{"size":1,"idle_timeout":0,"requests":1},"tls":{"client_cert":"` + cert(128) + `","client_key":"` + cert(64) + `","verify":true},
		 "checks":{"active":{"type":"tcp","timeout":1,"concurrency":3,"host":"h","port":1,"http_method":"GET","http_path":"/","http_req_body":"","https_verify_certificate":true,"req_headers":["a: b"],
		 "healthy":{"interval":1,"http_statuses":[200,201],"successes":1},"unhealthy":{"interval":1,"http_statuses":[500],"http_failures":1,"tcp_failures":1,"timeouts":1}},
		 "passive":{"type":"http","healthy":{"http_statuses":[200],"successes":0},"unhealthy":{"http_statuses":[500],"http_failures":0,"tcp_failures":0,"timeouts":0}}}}`,
		`{"service_name":"s","discovery_type":"dns","discovery_args":{"namespace_id":"n","group_name":"g"},"tls":{"client_cert_id":"c"}}`,
		`{"nodes":{"a:80":1,"b":2}}`,
	},
	"services":        {`{"id":"s","name":"n","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"hosts":["a","b"],"enable_websocket":false,"plugins":{"a":{}},"script":"function x() end","upstream":{"nodes":{"a:1":1}},"upstream_id":"u"}`},
	"plugin_configs":  {`{"id":"p","name":"","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"plugins":{"a":{}}}`},
	"global_rules":    {`{"id":"g","create_time":1,"update_time":2,"plugins":{"a":{}}}`},
	"consumers":       {`{"id":"c","username":"a-b_c","group_id":"g","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"plugins":{"a":{}}}`},
	"consumer_groups": {`{"id":"g","name":"n","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"plugins":{"a":{}}}`},
	"ssls": {
		`{"id":"s","sni":"a.b","cert":"` + cert(128) + `","key":"` + cert(64) + `","certs":["` + cert(128) + `"],"keys":["` + cert(64) + `"],"client":{"ca":"` + cert(128) + `","depth":0,"skip_mtls_uri_regex":["a"]},
		 "ssl_protocols":["TLSv1.2","TLSv1.3"],"status":0,"ocsp_stapling":{"enabled":true,"skip_verify":true,"cache_ttl":60},"desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2}`,
		`{"type":"client","snis":["a"],"cert":"` + cert(128) + `","key":"` + cert(64) + `"}`,
	},
	"stream_routes": {
		`{"id":"s","name":"n","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"remote_addr":"10.0.0.1","server_addr":"::1","server_port":1,"sni":"a","plugins":{"a":{}},
		 "protocol":{"name":"x","superior_id":"s","conf":{"a":1},"logger":[{"name":"l","filter":[1],"conf":{"a":1}}]},"service_id":"s","upstream":{"nodes":{"a:1":1}},"upstream_id":"u"}`,
	},
	"protos":           {`{"id":"p","name":"n","desc":"d","labels":{"a":"b"},"create_time":1,"update_time":2,"content":"c"}`},
	"brotli":           {`{"types":["a"],"min_length":1,"mode":0,"comp_level":0,"lgwin":10,"lgblock":16,"http_version":1.1,"vary":true,"_meta":{"disable":true,"error_response":"a","filter":[["a","==",1]],"pre_function":"f","priority":1}}`, `{"types":"*"}`},
	"client-control":   {`{"max_body_size":0,"_meta":{"error_response":{"a":1}}}`},
	"cors":             {`{"allow_origins":"a://b,c://d","allow_methods":"*","allow_headers":"*","expose_headers":"a","max_age":1,"allow_credential":true,"allow_origins_by_regex":["a"],"allow_origins_by_metadata":["a"],"timing_allow_origins":"null","timing_allow_origins_by_regex":["a"]}`},
	"fault-injection":  {`{"abort":{"http_status":200,"body":"","headers":{"a":"b","c":1},"percentage":1,"vars":[[["a","==","b"]]]},"delay":{"duration":0,"percentage":1,"vars":[[["a","==","b"]]]}}`},
	"forward-auth":     {`{"uri":"u","allow_degradation":true,"status_on_error":200,"ssl_verify":true,"request_method":"GET","request_headers":["a"],"upstream_headers":["a"],"client_headers":["a"],"extra_headers":{"a":"b"},"timeout":1,"keepalive":true,"keepalive_timeout":1000,"keepalive_pool":1,"max_req_body_size":1}`},
	"gzip":             {`{"types":["a"],"min_length":1,"comp_level":1,"http_version":1,"vary":true,"buffers":{"number":1,"size":1}}`},
	"limit-req":        {`{"rate":0.5,"burst":0,"key":"k","key_type":"var","policy":"local","rejected_code":200,"rejected_msg":"m","nodelay":true,"allow_degradation":true}`, `{"rate":1,"burst":1,"key":"k","policy":"redis","redis_host":"hh"}`, `{"rate":1,"burst":1,"key":"k","policy":"redis-cluster","redis_cluster_nodes":["aa"],"redis_cluster_name":"n"}`},
	"proxy-mirror":     {`{"host":"http://a:1","path":"/a","path_concat_mode":"prefix","sample_ratio":0.5}`},
	"proxy-rewrite":    {`{"uri":"/a","method":"GET","regex_uri":["a","b"],"host":"a:1","headers":{"add":{"a":"b","c":1,"d":["e",1]},"set":{"a":"b"},"remove":["a"]},"use_real_request_uri_unsafe":true}`, `{"headers":{"a":"b","c":1}}`},
	"redirect":         {`{"uri":"/a","ret_code":301,"encode_uri":true,"append_query_string":true}`, `{"regex_uri":["a","b"]}`, `{"http_to_https":true}`},
	"response-rewrite": {`{"headers":{"add":["a: b"],"set":{"a":"b","c":1},"remove":["a"]},"body":"b","body_base64":true,"status_code":200,"vars":[["a","==","b"]],"max_resp_body_size":1}`, `{"headers":{"a":1},"filters":[{"regex":"a","replace":"b","scope":"once","options":"jo"}]}`},
	"traffic-split":    {`{"rules":[{"match":[{"vars":[["a","==","b"]]}],"weighted_upstreams":[{"upstream_id":"u","weight":0},{"upstream":{"nodes":{"a:1":1}},"weight":1}]}]}`},
}

// Every kind of object and every plugin has the fields that APISIX knows, and no others.
func TestFields(t *testing.T) {
	s := loadReference(t)
	for name, x := range subjects() {
		want := slices.Sorted(maps.Keys(s.find(x.pointer)["properties"].(map[string]any)))
		got := slices.DeleteFunc(slices.Sorted(maps.Keys(x.shape.fields)), func(field string) bool {
			return name == "limit-req" && strings.HasPrefix(field, "redis_") // these depend on another field there
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s: has the fields %v, want %v", name, got, want)
		}
		for field := range x.shape.fields {
			if !strings.Contains(strings.Join(x.fit, ""), `"`+field+`":`) && !slices.Contains([]string{"_meta"}, field) && !strings.HasPrefix(field, "redis_") {
				t.Errorf("%s: no value here has the field %s", name, field)
			}
		}
	}
}

// beyond reports whether APISIX finds a fault in its code rather than by its schemas: in conditions, and in two fields for
// which the schemas do not say that they are maps.
func beyond(kind string, f Fault) bool {
	switch {
	case kind == "response-rewrite" && f.Path == "headers", kind == "stream_routes" && strings.HasPrefix(f.Path, "protocol.logger[") && strings.HasSuffix(f.Path, "]"):
		return strings.HasSuffix(f.Message, "not a map")
	}
	return inConditions.MatchString(f.Path) && !strings.HasSuffix(f.Message, "not a list of conditions") && !strings.HasSuffix(f.Message, "not a list")
}

var inConditions = regexp.MustCompile(`\b(vars|filter)(\[\d+\])*$`)

// Objects with random mistakes are taken or refused as APISIX's schemas do.
func TestRandomMistakes(t *testing.T) {
	s := loadReference(t)
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for name, x := range subjects() {
		t.Run(name, func(t *testing.T) {
			schema := s.compile(t, x.pointer) // one after the other: they share a compiler
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(len(name))))
			refused := 0
			for round := range rounds {
				var v any
				if err := json.Unmarshal([]byte(x.fit[round%len(x.fit)]), &v); err != nil {
					t.Fatal(err)
				}
				if round >= len(x.fit) {
					for range 1 + r.IntN(2) {
						v = mistake(r, v)
					}
				}
				err := schema.Validate(v)
				faults := slices.DeleteFunc(check(x.shape, v), func(f Fault) bool { return f.Ignored || beyond(name, f) })
				if (err == nil) != (len(faults) == 0) {
					text, _ := json.Marshal(v)
					t.Fatalf("ours: %v; APISIX's: %v\n%s", faults, err, text)
				}
				if err != nil {
					refused++
				}
				if round < len(x.fit) && err != nil {
					t.Fatalf("the value does not fit: %v", err)
				}
			}
			if refused < rounds/20 {
				t.Errorf("only %d of %d were refused", refused, rounds)
			}
		})
	}
}

// mistake changes something in v. Empty lists and maps are left out, which are the same for Lua and not for the reference.
func mistake(r *rand.Rand, v any) any {
	switch x := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(x))
		if len(keys) == 0 || r.IntN(12) == 0 {
			return other(r)
		}
		key := keys[r.IntN(len(keys))]
		switch n := r.IntN(10); {
		case n == 0 && len(keys) > 1:
			delete(x, key)
		case n == 1:
			x["unknown"] = other(r)
		default:
			x[key] = mistake(r, x[key])
		}
		return x
	case []any:
		if len(x) == 0 || r.IntN(6) == 0 {
			return other(r)
		}
		i := r.IntN(len(x))
		if r.IntN(4) == 0 {
			return append(x, x[i])
		}
		x[i] = mistake(r, x[i])
		return x
	case string:
		if r.IntN(3) == 0 {
			return x + []string{" ", ":", "/", "*", "é", "a", ".", "|"}[r.IntN(8)]
		}
	case float64:
		if r.IntN(2) == 0 {
			return x + []float64{-1, 1, 0.5, 1000, -1000, 1e9}[r.IntN(6)]
		}
	}
	return other(r)
}

// other is any value.
func other(r *rand.Rand) any {
	lengths := []int{0, 1, 2, 9, 10, 63, 64, 65, 100, 101, 127, 128, 129, 255, 256, 257, 4096, 4097}
	values := []any{
		strings.Repeat("a", lengths[r.IntN(len(lengths))]), strings.Repeat("é", lengths[r.IntN(len(lengths))]),
		"/a", "a b", "*.a", "a.*", "*", "10.0.0.1", "10.0.0.0/33", "10.0.0.0/8", "fe80::1/64", "::g", "function", "http", "https", "http://a", "GET", "get", "chash",
		-1.0, 0.0, 1.0, 0.5, 199.0, 200.0, 254.0, 255.0, 599.0, 600.0, 65535.0, 65536.0, 1e20, true, false, nil,
		[]any{"a"}, []any{1.0}, []any{"a", "a"}, []any{map[string]any{"a": "b"}}, map[string]any{"a": "b"}, map[string]any{"a": 1.0}, map[string]any{"a:1": 1.0},
	}
	return values[r.IntN(len(values))]
}

func (f Fault) String() string { return fmt.Sprintf("%s: %s", f.Path, f.Message) }
