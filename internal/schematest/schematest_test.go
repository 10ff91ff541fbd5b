package schematest_test

import (
	"testing"

	"github.com/amesh-render/amesh-render/internal/schematest"
	"github.com/amesh-render/amesh-render/render/apisix"
)

func TestErrors(t *testing.T) {
	schemas := schematest.Load(t)
	for _, pattern := range schemas.Skipped() {
		t.Logf("not checked, Go does not know its syntax: %s", pattern)
	}
	good := func() *apisix.Config {
		return &apisix.Config{
			Routes: []*apisix.Route{{
				ID: "r", URI: "/*", UpstreamID: "u",
				Plugins: &apisix.Plugins{FaultInjection: &apisix.FaultInjection{Abort: &apisix.Abort{HTTPStatus: 404}}},
			}},
			Upstreams: []*apisix.Upstream{{ID: "u", Type: "roundrobin"}},
		}
	}
	for _, tt := range []struct {
		name string
		edit func(*apisix.Config)
		want int
	}{
		{"good", func(*apisix.Config) {}, 0},
		{"bad route", func(c *apisix.Config) { c.Routes[0].URI = "" }, 1},
		{"bad plugin", func(c *apisix.Config) { c.Routes[0].Plugins.FaultInjection.Abort.HTTPStatus = 100 }, 1},
		{"bad upstream", func(c *apisix.Config) { c.Upstreams[0].ID = "a|b" }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := good()
			tt.edit(c)
			if got := schemas.Errors(c); len(got) != tt.want {
				t.Errorf("got %d errors %v, want %d", len(got), got, tt.want)
			}
		})
	}
}
