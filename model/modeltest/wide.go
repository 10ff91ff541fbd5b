//lint:file-ignore SA1019 Control planes still send the deprecated "append".

package modeltest

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// NewWideMesh draws a mesh as NewMesh does, and lets its routes do everything that routes can: rewrites, redirects, header
// operations on all levels, choices among many clusters, behind filters that refuse, delay and share. What the two proxies
// do with WideRequest on it may differ where a finding says so.
func NewWideMesh(rng *rand.Rand) *Mesh {
	m := &Mesh{Outbound: map[uint16]*routev3.RouteConfiguration{}, Inbound: map[uint16]*routev3.RouteConfiguration{}}
	for _, port := range Ports {
		m.Outbound[port] = wideConfiguration(rng, strconv.Itoa(int(port)))
		m.Inbound[port] = wideConfiguration(rng, fmt.Sprintf("inbound|%d||", port))
	}
	m.Listeners = listeners(m.Outbound, m.Inbound, func() wideManager { return drawManager(rng) })
	return m
}

func wideConfiguration(rng *rand.Rand, name string) *routev3.RouteConfiguration {
	rc := RouteConfiguration(rng, name)
	rc.RequestHeadersToAdd, rc.RequestHeadersToRemove = operations(rng, 6)
	rc.ResponseHeadersToAdd, rc.ResponseHeadersToRemove = operations(rng, 6)
	rc.MostSpecificHeaderMutationsWins = oneIn(rng, 6)
	for _, vh := range rc.GetVirtualHosts() {
		vh.RequestHeadersToAdd, vh.RequestHeadersToRemove = operations(rng, 4)
		vh.ResponseHeadersToAdd, vh.ResponseHeadersToRemove = operations(rng, 4)
		vh.TypedPerFilterConfig = perRoute(rng, 8)
		if oneIn(rng, 20) {
			vh.RequireTls = routev3.VirtualHost_ALL
		}
		for _, r := range vh.GetRoutes() {
			widen(rng, r)
		}
	}
	return rc
}

// widen changes what a route does.
func widen(rng *rand.Rand, r *routev3.Route) {
	r.RequestHeadersToAdd, r.RequestHeadersToRemove = operations(rng, 3)
	r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = operations(rng, 3)
	r.TypedPerFilterConfig = perRoute(rng, 4)
	widenMatch(rng, r.GetMatch())
	if d := r.GetDirectResponse(); d != nil && oneIn(rng, 3) { // statuses that go with a Location
		d.Status = pick[uint32](rng, 201, 301, 308)
	}
	if oneIn(rng, 5) {
		r.Action = &routev3.Route_Redirect{Redirect: redirect(rng)}
		return
	}
	a := r.GetRoute()
	if a == nil {
		return
	}
	rewrite(rng, a)
	if r.GetMatch().GetPathMatchPolicy() != nil { // Envoy takes no prefix_rewrite beside it
		a.PrefixRewrite = ""
	}
	if w := a.GetWeightedClusters(); w != nil {
		widenSplit(rng, r.GetName(), w)
	}
}

// rewrite draws a rewrite of the path, of the host, of both or of none.
func rewrite(rng *rand.Rand, a *routev3.RouteAction) {
	switch rng.IntN(4) {
	case 0:
		a.PrefixRewrite = pick(rng, "/", "/n", "/n/", "/n.m", "/$1", `/n\m`, "/n%20m")
	case 1:
		a.RegexRewrite = regexRewrite(rng)
	}
	switch rng.IntN(16) {
	case 0, 1, 2:
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{
			HostRewriteLiteral: pick(rng, "new.test", "new.test:81", "new_1.test", "10.0.0.7"),
		}
	case 3:
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteHeader{HostRewriteHeader: pick(rng, "x-a", "X-B", "x-none")}
	case 4:
		a.HostRewriteSpecifier = &routev3.RouteAction_AutoHostRewrite{AutoHostRewrite: wrapperspb.Bool(true)}
	case 5:
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewritePathRegex{HostRewritePathRegex: &matcherv3.RegexMatchAndSubstitute{
			Pattern: regexOf("^/([^/]*).*$"), Substitution: pick(rng, `\1.test`, "new.test"),
		}}
	}
}

// widenMatch draws further conditions of a match. Fractions are all or nothing: that one number decides them and splits
// alike is how Envoy is, and not APISIX.
func widenMatch(rng *rand.Rand, m *routev3.RouteMatch) {
	switch rng.IntN(24) {
	case 0:
		m.Cookies = append(m.Cookies, &routev3.CookieMatcher{
			Name: "c", StringMatch: text(rng, pick(rng, "1", "a")), InvertMatch: oneIn(rng, 3),
		})
	case 1:
		m.RuntimeFraction = &corev3.RuntimeFractionalPercent{
			DefaultValue: &typev3.FractionalPercent{Numerator: pick[uint32](rng, 0, 100)},
		}
	case 2:
		m.CaseSensitive = nil
		m.PathSpecifier = &routev3.RouteMatch_PathMatchPolicy{PathMatchPolicy: &corev3.TypedExtensionConfig{
			Name:        "envoy.path.match.uri_template.uri_template_matcher",
			TypedConfig: packed(&templatev3.UriTemplateMatchConfig{PathTemplate: pick(rng, "/a/*", "/*/b", "/a/**", "/{x}/a/{y=**}")}),
		}}
	}
}

func regexRewrite(rng *rand.Rand) *matcherv3.RegexMatchAndSubstitute {
	pattern, substitution := "a", "b"
	switch rng.IntN(6) {
	case 0:
		pattern, substitution = "^/([^/]*)(.*)$", pick(rng, `\2/\1`, `/\1`, `\0`)
	case 1:
		pattern, substitution = "/a", pick(rng, "/n", "", "$1", `\\`)
	case 2:
		pattern, substitution = "^/a", "/n?x=1"
	case 3:
		pattern, substitution = "[ab]+", "c"
	case 4:
		pattern, substitution = "(.*)", `/all\1`
	}
	return &matcherv3.RegexMatchAndSubstitute{Pattern: regexOf(pattern), Substitution: substitution}
}

// redirect draws a redirect.
func redirect(rng *rand.Rand) *routev3.RedirectAction {
	a := &routev3.RedirectAction{
		ResponseCode: routev3.RedirectAction_RedirectResponseCode(rng.IntN(5)), StripQuery: oneIn(rng, 4),
	}
	switch rng.IntN(4) {
	case 0:
		a.SchemeRewriteSpecifier = &routev3.RedirectAction_HttpsRedirect{HttpsRedirect: true}
	case 1:
		a.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: pick(rng, "https", "http", "ftp")}
	}
	if oneIn(rng, 2) {
		a.HostRedirect = pick(rng, "new.test", "new.test:81", "$host")
	}
	if oneIn(rng, 4) {
		a.PortRedirect = pick[uint32](rng, 80, 443, 8443)
	}
	switch rng.IntN(5) {
	case 0, 1:
		a.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{
			PathRedirect: pick(rng, "/n", "n", "/n?x=1", "/$1", `/n\m`, "/n m"),
		}
	case 2:
		a.PathRewriteSpecifier = &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: pick(rng, "/", "/n", "/n/")}
	case 3:
		a.PathRewriteSpecifier = &routev3.RedirectAction_RegexRewrite{RegexRewrite: regexRewrite(rng)}
	}
	return a
}

// widenSplit draws more clusters than APISIX's traffic-split takes, one cluster twice, and operations of their own.
func widenSplit(rng *rand.Rand, name string, w *routev3.WeightedCluster) {
	if oneIn(rng, 3) {
		for i := range 18 + rng.IntN(5) {
			w.Clusters = append(w.Clusters, &routev3.WeightedCluster_ClusterWeight{
				Name: fmt.Sprintf("%s-more-%d", name, i), Weight: wrapperspb.UInt32(pick[uint32](rng, 1, 3, 100)),
			})
		}
	}
	if oneIn(rng, 3) {
		again := w.GetClusters()[rng.IntN(len(w.GetClusters()))]
		w.Clusters = append(w.Clusters, &routev3.WeightedCluster_ClusterWeight{Name: again.GetName(), Weight: wrapperspb.UInt32(7)})
	}
	for _, c := range w.GetClusters() {
		if oneIn(rng, 6) {
			c.RequestHeadersToAdd, c.RequestHeadersToRemove = operations(rng, 1)
			c.ResponseHeadersToAdd, c.ResponseHeadersToRemove = operations(rng, 2)
		}
		if oneIn(rng, 20) {
			c.HostRewriteSpecifier = &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{HostRewriteLiteral: "one.test"}
		}
		if oneIn(rng, 40) {
			c.TypedPerFilterConfig = perRoute(rng, 1)
		}
	}
}

// operations draws header operations, one time in n.
func operations(rng *rand.Rand, n int) (add []*corev3.HeaderValueOption, remove []string) {
	if !oneIn(rng, n) {
		return nil, nil
	}
	for range rng.IntN(3) {
		option := &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: pick(rng, operatedNames...), Value: pick(rng, operatedValues...)},
			AppendAction: corev3.HeaderValueOption_HeaderAppendAction(rng.IntN(4)), KeepEmptyValue: oneIn(rng, 3),
		}
		if oneIn(rng, 6) {
			option.AppendAction, option.Append = 0, wrapperspb.Bool(oneIn(rng, 2))
		}
		add = append(add, option)
	}
	for oneIn(rng, 3) {
		remove = append(remove, pick(rng, operatedNames...))
	}
	return add, remove
}

// The names and values of header operations. x-a and x-b are headers of requests and of responses.
var (
	operatedNames  = []string{"x-a", "X-A", "x-b", "x-new", "x-other", "server"}
	operatedValues = []string{
		"1", "", "a:b", "a/", "$1", "${uri}", `a\b`, "100%%", "%PROTOCOL%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
		"%REQ(x-b)%", "a, b", "a;b=\"c\"", "}", "a ?? b", "$env://HOME",
	}
)

// perRoute draws filter configurations for a route, one time in n.
func perRoute(rng *rand.Rand, n int) map[string]*anypb.Any {
	if !oneIn(rng, n) {
		return nil
	}
	switch rng.IntN(6) {
	case 4:
		return map[string]*anypb.Any{jwtName: packed(jwtPerRoute(rng))}
	case 5:
		return map[string]*anypb.Any{corsName: packed(cors(rng)), jwtName: packed(&routev3.FilterConfig{Disabled: true})}
	case 0:
		return map[string]*anypb.Any{faultName: packed(fault(rng))}
	case 1:
		return map[string]*anypb.Any{corsName: packed(cors(rng))}
	case 2:
		return map[string]*anypb.Any{rbacName: packed(rbacPerRoute(rng))}
	}
	return map[string]*anypb.Any{rbacName: packed(&routev3.FilterConfig{Disabled: true}), faultName: packed(fault(rng))}
}
