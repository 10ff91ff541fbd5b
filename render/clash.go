package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// A clash is a cause for which routes do not get a plugin, or it does not act on them.
type clash struct {
	at, field string
	severity  Severity
	reason    string
}

// affected are the routes of a clash.
type affected struct {
	count int
	names []string // the first of them
}

// clash notes that a route does not get a plugin.
func (u *userPlugins) clash(route *apisix.Route, name string, m plugins.Merged, reason string) {
	u.affect(route, m, Dropped, "not on "+affectedRoutes+": "+reason)
}

func (u *userPlugins) affect(route *apisix.Route, m plugins.Merged, s Severity, reason string) {
	const shown = 3
	for _, from := range m.From {
		c := clash{u.at(from.Config).String(), from.Field(), s, reason}
		a := u.clashes[c]
		if a == nil {
			a = &affected{}
			u.clashes[c] = a
			u.order = append(u.order, c)
		}
		a.count++
		if len(a.names) < shown {
			a.names = append(a.names, route.ID)
		}
	}
}

// affectedRoutes stands for the routes in the reason of a clash.
const affectedRoutes = "\x00"

// report makes findings of the clashes, one for each cause.
func (u *userPlugins) report() {
	for _, c := range u.order {
		a := u.clashes[c]
		slices.Sort(a.names)
		routes := "route " + a.names[0]
		if a.count > 1 {
			routes = strconv.Itoa(a.count) + " routes (" + strings.Join(a.names, ", ")
			if a.count > len(a.names) {
				routes += ", …"
			}
			routes += ")"
		}
		u.findings.list = append(u.findings.list, Finding{Severity: c.severity, Resource: c.at, Field: c.field,
			Message: strings.Replace(c.reason, affectedRoutes, routes, 1)})
	}
}
