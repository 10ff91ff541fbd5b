package apisix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/internal/schematest"
	"github.com/amesh-render/amesh-render/render/apisix"
)

func TestEverythingIsValid(t *testing.T) {
	for _, f := range []apisix.Format{apisix.Block, apisix.Lines} {
		for _, p := range everything().Validate(f) {
			t.Errorf("%v: %v", f, p)
		}
	}
	schematest.Load(t).Check(t, everything())
}

// checkBad checks that c has problems with one field only, the given one.
func checkBad(t *testing.T, c *apisix.Config, f apisix.Format, field string) {
	t.Helper()
	problems := c.Validate(f)
	if len(problems) != 1 {
		t.Fatalf("got %d problems %v, want 1", len(problems), problems)
	}
	if problems[0].Field != field {
		t.Errorf("got %v, want field %s", problems[0], field)
	}
}

// Each rule by an object that breaks it alone, and whether APISIX's schema has the rule: if it has, it must agree.
func TestValidate(t *testing.T) {
	checkBadTables(t, func(t *testing.T, c *apisix.Config, tt bad) { checkBad(t, c, apisix.Block, tt.field) })
}

func TestValidateAgreesWithSchema(t *testing.T) {
	schemas := schematest.Load(t)
	schemas.Check(t, simple())
	checkBadTables(t, func(t *testing.T, c *apisix.Config, tt bad) {
		if errs := schemas.Errors(c); len(errs) > 0 != tt.schema {
			t.Errorf("schema: got %v, want refused %v", errs, tt.schema)
		}
	})
}

func checkBadTables(t *testing.T, check func(*testing.T, *apisix.Config, bad)) {
	for name, table := range map[string][]bad{"head": badHeads, "route": badRoutes, "plugin": badPlugins, "upstream": badUpstreams} {
		for _, tt := range table {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				c := simple()
				if name == "upstream" {
					c.Routes = nil // which would miss an upstream whose id is bad
				}
				r := &apisix.Route{}
				if len(c.Routes) > 0 {
					r = c.Routes[0]
				}
				tt.edit(r, c.Upstreams[0])
				check(t, c, tt)
			})
		}
	}
}

// What APISIX takes, at the edge of each rule.
func TestValidateGood(t *testing.T) {
	eachGood(t, func(t *testing.T, c *apisix.Config) {
		for _, p := range c.Validate(apisix.JSON) {
			t.Error(p)
		}
	})
}

func TestValidateGoodAgreesWithSchema(t *testing.T) {
	schemas := schematest.Load(t)
	eachGood(t, func(t *testing.T, c *apisix.Config) { schemas.Check(t, c) })
}

func eachGood(t *testing.T, check func(*testing.T, *apisix.Config)) {
	for name, edit := range good {
		t.Run(name, func(t *testing.T) {
			c := simple()
			edit(c.Routes[0], c.Upstreams[0])
			check(t, c)
		})
	}
}

func TestValidateExpr(t *testing.T) {
	for _, tt := range badExprs {
		t.Run(tt.name, func(t *testing.T) {
			c := simple()
			c.Routes[0].Vars = []apisix.Expr{tt.x}
			checkBad(t, c, apisix.Block, tt.field)
		})
	}
}

func TestValidateAcrossObjects(t *testing.T) {
	twice := simple()
	twice.Routes = append(twice.Routes, twice.Routes[0])
	checkBad(t, twice, apisix.Block, "id")
	twice = simple()
	twice.Upstreams = append(twice.Upstreams, twice.Upstreams[0])
	checkBad(t, twice, apisix.Block, "id")
	missing := simple()
	missing.Routes = append(missing.Routes, nil)
	checkBad(t, missing, apisix.Block, "routes[1]")
	sameID := simple()
	sameID.Routes[0].ID = "u" // ids of different kinds may be the same
	if problems := sameID.Validate(apisix.Block); len(problems) > 0 {
		t.Errorf("got %v, want none", problems)
	}
}

func TestValidateSplitOf21(t *testing.T) {
	c := simple()
	for i := range 19 {
		id := fmt.Sprint("w", i)
		c.Upstreams = append(c.Upstreams, &apisix.Upstream{ID: id, Type: "roundrobin"})
		split(c.Routes[0]).WeightedUpstreams = append(split(c.Routes[0]).WeightedUpstreams, apisix.WeightedUpstream{UpstreamID: id})
	}
	checkBad(t, c, apisix.Block, "plugins.traffic-split.rules[0].weighted_upstreams")
	if errs := schematest.Load(t).Errors(c); len(errs) != 1 {
		t.Errorf("schema: got %v, want one error", errs)
	}
}

// Nothing keeps APISIX from substituting ${{…}} in JSON, in strings, keys and expressions.
func TestValidateJSON(t *testing.T) {
	for field, edit := range map[string]func(*apisix.Route){
		"name":                               func(r *apisix.Route) { r.Name = "a ${{HOME}}" },
		"labels.${{":                         func(r *apisix.Route) { r.Labels["${{"] = "v" },
		"vars[0]":                            func(r *apisix.Route) { r.Vars = []apisix.Expr{apisix.Compare("a", apisix.OpEqual, "${{HOME}}")} },
		"plugins.fault-injection.abort.body": func(r *apisix.Route) { r.Plugins.FaultInjection.Abort.Body = "${{HOME}}" },
	} {
		c := simple()
		edit(c.Routes[0])
		checkBad(t, c, apisix.JSON, field)
		if problems := c.Validate(apisix.Lines); len(problems) > 0 {
			t.Errorf("%s: YAML can hold it: got %v, want none", field, problems)
		}
	}
}

func TestValidateKeyLength(t *testing.T) {
	c := simple()
	c.Routes[0].Labels = map[string]string{strings.Repeat("k", 1022): "v"}
	if problems := c.Validate(apisix.Block); len(problems) > 0 {
		t.Errorf("1024 bytes with quotes: got %v, want none", problems)
	}
	for _, key := range []string{strings.Repeat("k", 1023), strings.Repeat("\x01", 171)} {
		c.Routes[0].Labels = map[string]string{key: "v"}
		checkBad(t, c, apisix.Block, "labels."+key)
	}
}
