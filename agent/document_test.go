package agent

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
)

// plainDocument is what a document comes to, as plain sets.
type plainDocument struct {
	users            string
	names, providers map[string]bool
}

func plainOf(d Document) plainDocument {
	p := plainDocument{names: map[string]bool{}, providers: map[string]bool{}}
	others := maps.Clone(d.Others)
	delete(others, pluginConfigs)
	p.users = string(apisix.Encode(&apisix.Config{Routes: d.Routes, Others: others}, apisix.EncodeOptions{}))
	for _, r := range d.Routes {
		for _, id := range r.UpstreamIDs() {
			p.names["upstreams/"+id] = true
		}
		p.names["plugin_configs/"+r.PluginConfigID] = true
	}
	for _, o := range append(slices.Clone(d.Others["services"]), d.Others["stream_routes"]...) {
		for _, id := range o.UpstreamIDs() {
			p.names["upstreams/"+id] = true
		}
	}
	for _, u := range d.Upstreams {
		p.providers["upstreams/"+u.ID] = true
	}
	for _, o := range d.Others[pluginConfigs] {
		p.providers["plugin_configs/"+o.ID(pluginConfigs)] = true
	}
	return p
}

// randomDocument shares objects and slices with another document, and may be in no order.
func randomDocument(random *rand.Rand, like Document) Document {
	id := func() string { return fmt.Sprint("id-", random.IntN(12)) }
	c := *like.Config
	if random.IntN(3) == 0 {
		c.Routes = nil
		for range random.IntN(6) {
			r := &apisix.Route{ID: id(), URI: "/*", UpstreamID: id()}
			switch random.IntN(4) {
			case 0:
				r.PluginConfigID = id()
			case 1:
				choices := []apisix.AmeshChoice{{Weight: 1, UpstreamID: id()}, {Weight: 1, UpstreamID: id()}}
				r.Plugins = &apisix.Plugins{AmeshSplit: &apisix.AmeshSplit{Choices: choices}}
			}
			c.Routes = append(c.Routes, r)
		}
	}
	if random.IntN(2) == 0 {
		c.Upstreams = slices.Clone(c.Upstreams)
		for range random.IntN(4) {
			if n := len(c.Upstreams); n > 0 && random.IntN(2) == 0 {
				i := random.IntN(n)
				c.Upstreams = slices.Delete(c.Upstreams, i, i+1)
			} else {
				c.Upstreams = append(c.Upstreams, &apisix.Upstream{ID: id(), Nodes: []apisix.Node{}})
			}
		}
		if random.IntN(4) > 0 {
			slices.SortFunc(c.Upstreams, func(a, b *apisix.Upstream) int { return strings.Compare(a.ID, b.ID) })
		}
	}
	if random.IntN(3) == 0 {
		c.Others = map[string][]apisix.Object{}
		for _, section := range []string{pluginConfigs, pluginConfigs, "services", "stream_routes", "global_rules"} {
			if random.IntN(2) == 0 {
				c.Others[section] = append(c.Others[section], apisix.Object{"id": id(), "upstream_id": id()})
			}
		}
	}
	return Document{&c}
}

// Documents say of one another what their sets come to.
func TestDocument(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := Document{&apisix.Config{}}
	for range 5_000 {
		live := d
		d = randomDocument(random, d)
		users := randomDocument(random, d)
		all, plain, before := plainOf(d), plainOf(d).providers, plainOf(live)
		check := func(what string, got []string, want map[string]bool) {
			t.Helper()
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
				t.Fatalf("%s: got %q, want %v", what, got, want)
			}
		}
		missing := d.Lacks(live)
		check("lacks", missing, subtract(before.providers, plain))

		keys := slices.Collect(maps.Keys(before.providers))
		names := map[string]bool{}
		for _, key := range keys {
			if plain[key] && all.names[key] {
				names[key] = true
			}
		}
		check("names", d.Names(keys), names)

		random.Shuffle(len(missing), func(i, j int) { missing[i], missing[j] = missing[j], missing[i] })
		missing = append(missing[:len(missing)/2:len(missing)/2], missing[:len(missing)/2]...)
		joined := users.With(d, missing, live)
		want := maps.Clone(plain)
		for _, key := range missing {
			want[key] = true
		}
		check("with", slices.Collect(maps.Keys(plainOf(joined).providers)), want)
		if plainOf(joined).users != plainOf(users).users {
			t.Fatal("with: the users are others")
		}
		if len(missing) == 0 && len(d.Upstreams) > 0 && &joined.Upstreams[0] != &d.Upstreams[0] {
			t.Fatal("with: the upstreams are the same, and in another slice")
		}
	}
}

func subtract(a, b map[string]bool) map[string]bool {
	out := maps.Clone(a)
	maps.DeleteFunc(out, func(key string, _ bool) bool { return b[key] })
	return out
}

// largeConfig is what a sidecar in a mesh of 5,000 services has.
func largeConfig() *apisix.Config {
	c := &apisix.Config{}
	for n := range 6000 {
		name := fmt.Sprintf("outbound|80||service-%d.namespace-%d.svc.cluster.local", n, n%40)
		u := &apisix.Upstream{ID: apisix.ID(name, name), Name: name, Type: "roundrobin", Retries: 2,
			Timeout: &apisix.Timeout{Connect: 10, Send: 86400, Read: 86400}}
		for m := range 10 {
			u.Nodes = append(u.Nodes, apisix.Node{Host: fmt.Sprintf("10.%d.%d.%d", n>>8, n&255, m), Port: 8080, Weight: 1})
		}
		c.Upstreams = append(c.Upstreams, u)
	}
	for n := range 6200 {
		host := fmt.Sprintf("service-%d.namespace-%d", n, n%40)
		c.Routes = append(c.Routes, &apisix.Route{ID: apisix.ID("outbound-80-"+host, host), Name: host + ".svc.cluster.local:80 default",
			Labels: map[string]string{"config": "/apis/networking.istio.io/v1/namespaces/default/virtual-service/" + host},
			Hosts:  []string{host, host + ".svc", host + ".svc.cluster.local", fmt.Sprintf("10.96.%d.%d", n>>8, n&255)},
			URI:    "/*", Priority: 1, EnableWebsocket: true, UpstreamID: c.Upstreams[n%6000].ID,
			Vars: []apisix.Expr{apisix.Compare("server_port", apisix.OpEqual, "15001"), apisix.Compare("connection_original_dst", apisix.OpRegex, `:80\z`),
				apisix.Compare("uri", apisix.OpRegex, `\A/api/v1(?:/|\z)`)},
			Timeout: &apisix.Timeout{Connect: 10, Send: 86400, Read: 86400}})
	}
	slices.SortFunc(c.Routes, func(a, b *apisix.Route) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Upstreams, func(a, b *apisix.Upstream) int { return strings.Compare(a.ID, b.ID) })
	return c
}

// changed is c with another upstream in place of one, or without it.
func changed(c *apisix.Config, n int, remove bool) *apisix.Config {
	out := *c
	out.Upstreams = slices.Clone(c.Upstreams)
	u := *c.Upstreams[n]
	u.Retries++
	if out.Upstreams[n] = &u; remove {
		out.Upstreams = slices.Delete(out.Upstreams, n, n+1)
	}
	return &out
}

// Planning where one of 6,000 upstreams has changed; where one has come or gone.
func BenchmarkPlan(b *testing.B) {
	for name, remove := range map[string]bool{"changed": false, "removed": true} {
		b.Run(name, func(b *testing.B) {
			c := largeConfig()
			documents := []Document{{c}, {changed(c, 3000, remove)}}
			var p watch.Planner[Document]
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if _, err := p.Commit(documents[n%2], func(Document) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
