package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A hostGroup is those domains of a virtual host that one set of APISIX routes can carry.
type hostGroup struct {
	key   string   // tells the groups of one virtual host apart, for ids
	hosts []string // APISIX hosts, sorted; none for routes of the host-less kind
	vars  []apisix.Expr
	// rank orders the host-less groups of a route configuration as Envoy does: longer prefixes first, "*" last.
	rank int
}

// anyHost is the rank of the domain "*".
const anyHost = 1 << 30

// hostGroups sorts the domains of a virtual host (VirtualHost.domains) into groups: one for exact names and suffix
// wildcards, one for each prefix wildcard, one for "*". Envoy compares domains with the whole Host header unless
// ignorePort (RouteConfiguration.ignore_port_in_host_matching); APISIX strips the port, so a group then tests it.
// Bad lists the domains that APISIX cannot match.
func hostGroups(domains []string, ignorePort bool) (groups []hostGroup, bad []string) {
	byPort := map[string][]string{}
	for _, domain := range domains {
		domain = strings.ToLower(domain)
		host, port := splitPort(domain)
		host = strings.TrimSuffix(host, ".")
		switch {
		case domain == "*":
			groups = append(groups, hostGroup{key: "*", rank: anyHost})
		case ignorePort && port != "":
			// Envoy compares with a Host header that has lost its port: the domain matches nothing.
		case strings.HasSuffix(domain, "*"):
			groups = append(groups, prefixGroup(strings.TrimSuffix(domain, "*")))
		case !apisix.IsRouteHost(host):
			bad = append(bad, domain)
		case strings.HasPrefix(host, "*") && !strings.HasPrefix(host, "*."):
			groups = append(groups, suffixGroup(host, port, ignorePort))
		case ignorePort:
			byPort["any"] = append(byPort["any"], host)
		default:
			byPort[port] = append(byPort[port], host)
		}
	}
	for port, hosts := range byPort {
		slices.Sort(hosts)
		groups = append(groups, hostGroup{key: port, hosts: slices.Compact(hosts), vars: portVars(port)})
	}
	slices.SortFunc(groups, func(a, b hostGroup) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key, b.key))
	})
	return groups, bad
}

// prefixGroup is the domain "prefix*". APISIX's hosts know no such wildcard. The star stands for one character at least.
func prefixGroup(prefix string) hostGroup {
	return hostGroup{
		key:  prefix + "*",
		vars: []apisix.Expr{apisix.Compare("host", apisix.OpRegex, `\A`+apisix.QuoteRegex(prefix)+".")},
		rank: anyHost - len(prefix),
	}
}

// suffixGroup is a wildcard such as "*-x.example", in which no dot ends what the star stands for. In Envoy the star
// stands for one character at least; in APISIX "-x.example" would match too.
func suffixGroup(host, port string, ignorePort bool) hostGroup {
	g := hostGroup{key: host + ":" + port, hosts: []string{host}}
	if !ignorePort {
		g.vars = portVars(port)
	}
	g.vars = append(g.vars, apisix.Not(apisix.Compare("host", apisix.OpEqual, host[1:])))
	return g
}

// portVars holds for Host headers with that port: "any" for any or none, "" for none.
func portVars(port string) []apisix.Expr {
	switch port {
	case "any":
		return nil
	case "":
		return []apisix.Expr{apisix.Not(apisix.Compare("http_host", apisix.OpRegex, `:[0-9]+\z`))}
	}
	return []apisix.Expr{apisix.Compare("http_host", apisix.OpRegex, fmt.Sprintf(`:%s\z`, port))}
}

// splitPort takes the port off a domain; port is "" when there is none. An IPv6 address without brackets has none.
func splitPort(domain string) (host, port string) {
	i := strings.LastIndexByte(domain, ':')
	if i < 0 || strings.HasSuffix(domain, "]") || strings.Count(domain, ":") > 1 && !strings.Contains(domain, "]:") {
		return domain, ""
	}
	if _, err := strconv.ParseUint(domain[i+1:], 10, 16); err != nil {
		return domain, ""
	}
	return domain[:i], domain[i+1:]
}
