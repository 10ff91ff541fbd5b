package envoy

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"

	"github.com/amesh-render/amesh-render/model"
)

// newHandler prepares the last network filter of a chain, the one that ends the connection.
func newHandler(label string, fc *listenerv3.FilterChain, known *tables) handler {
	filters := fc.GetFilters()
	if len(filters) == 0 {
		return func(*model.Request, netip.AddrPort, *model.Trace) model.Outcome {
			return model.Outcome{Kind: model.Refused, Reason: label + ": no network filters"}
		}
	}
	config := filters[len(filters)-1].GetTypedConfig()
	manager, proxy := &hcmv3.HttpConnectionManager{}, &tcpv3.TcpProxy{}
	var err error
	switch {
	case config.MessageIs(manager):
		if err = config.UnmarshalTo(manager); err == nil {
			return newManager(label, manager, known).handle
		}
	case config.MessageIs(proxy):
		if err = config.UnmarshalTo(proxy); err == nil {
			return tunnel(label, proxy)
		}
	}
	why := "network filter " + strconv.Quote(filters[len(filters)-1].GetName()) + " is not modelled"
	if err != nil {
		why = err.Error()
	}
	return func(*model.Request, netip.AddrPort, *model.Trace) model.Outcome { return undecided(label, why) }
}

// tunnel is the TCP proxy: it never looks at the request.
func tunnel(label string, p *tcpv3.TcpProxy) handler {
	choices := []model.Choice{{Cluster: p.GetCluster(), Weight: 1}}
	if weighted := p.GetWeightedClusters(); weighted != nil {
		choices = nil
		for _, c := range weighted.GetClusters() {
			choices = append(choices, model.Choice{Cluster: c.GetName(), Weight: uint64(c.GetWeight())})
		}
	}
	return func(r *model.Request, _ netip.AddrPort, _ *model.Trace) model.Outcome {
		return model.Outcome{
			Kind: model.Tunnelled, Clusters: choices, Cluster: model.Pick(choices, r.Random), Route: label,
		}
	}
}

// manager is an HTTP connection manager: what it does to a request before it asks for a route.
type manager struct {
	label   string
	msg     *hcmv3.HttpConnectionManager
	table   *Table
	why     string // why there is no table
	filters []httpFilter
}

func newManager(label string, msg *hcmv3.HttpConnectionManager, known *tables) *manager {
	m := &manager{label: label, msg: msg, filters: newHTTPFilters(msg.GetHttpFilters())}
	switch specifier := msg.GetRouteSpecifier().(type) {
	case *hcmv3.HttpConnectionManager_Rds:
		m.table = known.byName[specifier.Rds.GetRouteConfigName()]
		m.why = "route configuration " + strconv.Quote(specifier.Rds.GetRouteConfigName()) + " has not arrived"
	case *hcmv3.HttpConnectionManager_RouteConfig:
		m.table = known.table(specifier.RouteConfig)
	default:
		m.why = "scoped routes are not modelled"
	}
	return m
}

func (m *manager) handle(r *model.Request, local netip.AddrPort, t *model.Trace) model.Outcome {
	if m.table == nil {
		return undecided(m.label, m.why)
	}
	q := newRequest(r)
	q.local, q.client = local, m.client(r)
	if status, why := m.normalise(q, local.Port()); status != 0 {
		return model.Outcome{Kind: model.Answered, Status: status, Reason: m.label + ": " + why}
	}
	c := m.table.choose(q, t)
	if c.route == nil && c.otherwise.Kind == model.Undecided {
		return c.otherwise
	}
	return runFilters(m.filters, &stream{request: q, choice: c})
}

// normalise rewrites host and path as configured. It returns a status other than 0, and the reason, where Envoy answers
// at this point. Order: fragment, escaped slashes, dot segments, double slashes.
func (m *manager) normalise(q *request, port uint16) (status int, why string) {
	if q.authority == "" {
		return http.StatusBadRequest, "no host"
	}
	q.authority = m.host(q.authority, port)
	if q.MethodOrDefault() == http.MethodConnect {
		return 0, ""
	}
	if strings.Contains(q.target, "#") {
		return http.StatusBadRequest, "the path has a fragment"
	}
	target, found := q.target, false
	action := m.msg.GetPathWithEscapedSlashesAction()
	if action > hcmv3.HttpConnectionManager_KEEP_UNCHANGED {
		target, found = unescapeSlashes(target)
	}
	if found && action == hcmv3.HttpConnectionManager_REJECT_REQUEST {
		return http.StatusBadRequest, "the path has an escaped slash"
	}
	if m.msg.GetNormalizePath().GetValue() {
		var ok bool
		if target, ok = canonical(target); !ok {
			return http.StatusBadRequest, "the path cannot be normalised"
		}
	}
	if m.msg.GetMergeSlashes() {
		target = mergeSlashes(target)
	}
	if found && action == hcmv3.HttpConnectionManager_UNESCAPE_AND_REDIRECT {
		return http.StatusTemporaryRedirect, "the path has an escaped slash"
	}
	if !strings.HasPrefix(target, "/") {
		return http.StatusNotFound, "the path does not start with a slash"
	}
	q.setTarget(target)
	return 0, ""
}

// host is the authority after strip_trailing_host_dot and the two ways to strip a port.
func (m *manager) host(authority string, port uint16) string {
	host, given, has := cutPort(authority)
	if m.msg.GetStripTrailingHostDot() {
		host = strings.TrimSuffix(host, ".")
	}
	matching := m.msg.GetStripMatchingHostPort() && given == strconv.Itoa(int(port))
	if has && !matching && !m.msg.GetStripAnyHostPort() {
		host += ":" + given
	}
	return host
}

// cutPort splits an authority at the colon before its port; the colons inside a bracketed IPv6 address do not count.
func cutPort(authority string) (host, port string, found bool) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || colon < strings.LastIndexByte(authority, ']') {
		return authority, "", false
	}
	return authority[:colon], authority[colon+1:], true
}
