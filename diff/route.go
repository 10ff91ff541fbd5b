package diff

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// routeFields are the fields of routes that route compares by itself.
var routeFields = []string{
	"hosts", "host", "uri", "uris", "methods", "vars", "priority", "timeout", "plugins", "upstream_id", "upstream",
	"plugin_config_id", "service_id", "remote_addr", "remote_addrs",
}

// route compares two routes; one of them may be nil. labels says that they differ in what no request can notice.
func (c *comparison) route(old, new *apisix.Route) (r Route, labels, differs bool) {
	some := cmp.Or(new, old)
	r = Route{
		Change: Changed, ID: some.ID, Name: cmp.Or(some.Name, some.ID), Hosts: append([]string{}, some.Hosts...),
		Match: matchWords(some), Aspects: []Aspect{},
	}
	switch {
	case old == nil:
		r.Change, r.Does = Added, c.does(c.new, new)
		return r, false, true
	case new == nil:
		r.Change, r.Does = Removed, c.does(c.old, old)
		return r, false, true
	}
	if old.ID != new.ID {
		r.OldID = old.ID
	}
	r.Aspects = append(r.Aspects, c.doing(old, new)...)
	r.Aspects = append(r.Aspects, matching(old, new)...)
	if a := aspect("timeout", timeoutWords(old.Timeout), timeoutWords(new.Timeout)); a != nil {
		r.Aspects = append(r.Aspects, *a)
	}
	r.Aspects = append(r.Aspects, pluginAspects(old.Plugins, new.Plugins)...)
	r.Aspects = append(r.Aspects, c.splitBeside(old.ID, new.ID)...)
	r.Aspects = append(r.Aspects, c.untold(old.ID, new.ID, r.Aspects)...)
	rest := c.rest("routes", old.ID, new.ID, routeFields...)
	r.Aspects = append(r.Aspects, rest.aspects()...)
	return r, rest.labels || r.OldID != "", len(r.Aspects) > 0
}

// aspect is nil if there is no difference.
func aspect(name, old, new string) *Aspect {
	if old == new {
		return nil
	}
	return &Aspect{Name: name, Old: old, New: new}
}

// matching compares what the routes match.
func matching(old, new *apisix.Route) []Aspect {
	var out []Aspect
	for _, a := range []*Aspect{
		listAspect("hosts", old.Hosts, new.Hosts),
		listAspect("paths", pathsOf(old), pathsOf(new)),
		listAspect("methods", old.Methods, new.Methods),
		listAspect("conditions", conditionWords(old.Vars), conditionWords(new.Vars)),
		aspect("order", priorityWords(old), priorityWords(new)),
	} {
		if a != nil {
			out = append(out, *a)
		}
	}
	return out
}

// listAspect is what only one of the lists has.
func listAspect(name string, old, new []string) *Aspect {
	only := func(list, others []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) }), ", ")
	}
	return aspect(name, only(old, new), only(new, old))
}

func priorityWords(r *apisix.Route) string { return fmt.Sprintf("priority %d", r.Priority) }

func pathsOf(r *apisix.Route) []string {
	if r.URI != "" {
		return append([]string{r.URI}, r.URIs...)
	}
	return r.URIs
}

func conditionWords(vars []apisix.Expr) []string {
	var out []string
	for _, x := range vars {
		out = append(out, x.String())
	}
	return out
}

// matchWords says what a route matches beside its hosts. The conditions that tell connections apart are left out: they
// say on which port and for which service the request came, which the name of the route says too.
func matchWords(r *apisix.Route) string {
	parts := []string{strings.Join(pathsOf(r), " ")}
	if len(r.Methods) > 0 {
		parts = append(parts, strings.Join(r.Methods, "|"))
	}
	for _, x := range r.Vars {
		if x.Var != "server_port" && x.Var != "connection_original_dst" {
			parts = append(parts, x.String())
		}
	}
	return strings.Join(parts, ", ")
}

func timeoutWords(t *apisix.Timeout) string {
	switch {
	case t == nil:
		return ""
	case t.Send == t.Read:
		return fmt.Sprintf("connect %gs, idle %gs", t.Connect, t.Read)
	}
	return fmt.Sprintf("connect %gs, send %gs, read %gs", t.Connect, t.Send, t.Read)
}

// pluginAspects compares the plugins but for those that doing has compared.
func pluginAspects(old, new *apisix.Plugins) []Aspect {
	before, _ := plain(old).(map[string]any)
	after, _ := plain(new).(map[string]any)
	for name, conf := range others(old) {
		before = with(before, name, conf)
	}
	for name, conf := range others(new) {
		after = with(after, name, conf)
	}
	var names []string
	for name := range before {
		names = append(names, name)
	}
	for name := range after {
		names = append(names, name)
	}
	slices.Sort(names)
	out := []Aspect{}
	for _, name := range slices.Compact(names) {
		a, b := get(before, name), get(after, name)
		if reflect.DeepEqual(a, b) || others(old)[name] == nil && others(new)[name] == nil && told(name, old, new) {
			continue
		}
		out = append(out, pluginAspect(name, a, b))
	}
	return out
}

// pluginAspect tells how the configuration of a plugin differs: field by field, if it is there on both sides.
func pluginAspect(name string, old, new any) Aspect {
	whole := hidden("routes", []Field{{name, text(old), text(new)}})[0]
	one := Aspect{Name: pluginKind(name) + " " + name, Old: whole.Old, New: whole.New}
	if one.Old != "" && one.New != "" {
		one.Fields = hidden("routes", fieldsOf(old, new))
	}
	return one
}

// untold are the plugins of which something differs in the files that APISIX does not use, such as one that is disabled,
// and of which no aspect tells.
func (c *comparison) untold(oldID, newID string, aspects []Aspect) []Aspect {
	known := map[string]bool{"traffic-split": true}
	for _, a := range aspects {
		_, plugin, _ := strings.Cut(a.Name, " ")
		known[plugin] = true
		known["fault-injection"] = known["fault-injection"] || a.Name == "answer"
		known["redirect"] = known["redirect"] || a.Name == "redirect"
	}
	before, _ := c.old.raw["routes"][oldID]["plugins"].(map[string]any)
	after, _ := c.new.raw["routes"][newID]["plugins"].(map[string]any)
	var out []Aspect
	all := maps.Clone(before)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a, b := get(before, name), get(after, name); !known[name] && len(fieldsOf(a, b)) > 0 {
			out = append(out, pluginAspect(name, a, b))
		}
	}
	return out
}

// told says whether doing, and splitBeside, have told all that differs in a plugin's configuration.
func told(name string, old, new *apisix.Plugins) bool {
	return name == "traffic-split" || name == "amesh-split" && !ownOfChoices(old) && !ownOfChoices(new) || name == "redirect" || name == "fault-injection" && ownAnswer(old, new)
}

func others(p *apisix.Plugins) map[string]any {
	if p == nil {
		return nil
	}
	return p.Other
}

func with(m map[string]any, name string, conf any) map[string]any {
	if m == nil {
		m = map[string]any{}
	}
	m[name] = conf
	return m
}

// guards are the plugins that refuse requests.
var guards = []string{
	"acl", "authz-casbin", "authz-casdoor", "authz-keycloak", "basic-auth", "cas-auth", "chaitin-waf",
	"consumer-restriction", "csrf", "dingtalk-auth", "feishu-auth", "forward-auth", "hmac-auth", "ip-restriction",
	"jwe-decrypt", "jwt-auth", "key-auth", "ldap-auth", "ldap-auth-advanced", "multi-auth", "opa", "openid-connect",
	"referer-restriction", "ua-restriction", "uri-blocker", "wolf-rbac",
}

func pluginKind(name string) string {
	if slices.Contains(guards, name) {
		return "guard"
	}
	return "plugin"
}

// ownOfChoices says whether the choices of amesh-split do something of their own, which the destination does not tell.
func ownOfChoices(p *apisix.Plugins) bool {
	return p != nil && p.AmeshSplit != nil &&
		slices.ContainsFunc(p.AmeshSplit.Choices, func(c apisix.AmeshChoice) bool { return c.Plugins != nil })
}
