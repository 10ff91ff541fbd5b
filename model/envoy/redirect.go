package envoy

import (
	"net/http"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// redirect is a RedirectAction: an answer with a Location in full.
func redirect(match *routev3.RouteMatch, msg *routev3.RedirectAction) action {
	rewrite, ok := newPathRewrite(match, msg.GetPrefixRewrite(), msg.GetRegexRewrite())
	if !ok {
		return always(model.Outcome{Kind: model.Undecided, Reason: "a rewrite that Envoy refuses"})
	}
	return func(r *request, c *choice) model.Outcome {
		if rewrite != nil {
			if target := rewrite(r); target != r.target[len(r.path):] { // Envoy takes an empty result for no rewrite
				r.setTarget(target)
			}
		}
		return c.answer(r, model.Outcome{
			Kind: model.Answered, Status: redirectStatus(msg.GetResponseCode()), Reason: "redirect",
			ResponseHeaders: []model.Header{{Name: "location", Value: location(msg, r)}},
		})
	}
}

// location is the URI of a redirect. Without a RedirectAction it is the URI of the request itself, which Envoy gives to
// a direct_response with a status that goes with a Location.
func location(msg *routev3.RedirectAction, r *request) string {
	scheme := r.SchemeOrDefault()
	switch {
	case msg.GetSchemeRedirect() != "":
		scheme = msg.GetSchemeRedirect()
	case msg.GetHttpsRedirect():
		scheme = "https"
	}
	port := ""
	if p := msg.GetPortRedirect(); p != 0 {
		port = ":" + strconv.Itoa(int(p))
	}
	host := msg.GetHostRedirect()
	if host == "" {
		host = requestHost(r, scheme, port)
	}
	return scheme + "://" + host + port + redirectPath(msg, r.target)
}

// requestHost is the request's own host. It loses its port if the redirect names another, and if it is the standard one
// of the request's scheme and the redirect changes the scheme.
func requestHost(r *request, scheme, port string) string {
	name, given, found := cutPort(r.authority)
	from := r.SchemeOrDefault()
	standard := from == "http" && given == "80" || from == "https" && given == "443"
	if found && (port != "" || scheme != from && standard) {
		return name
	}
	return r.authority
}

// redirectPath is the path and query of a redirect. A query in path_redirect replaces the request's and is not stripped.
func redirectPath(msg *routev3.RedirectAction, target string) string {
	path, query := splitQuery(target)
	redirected := msg.GetPathRedirect()
	if redirected != "" {
		path = redirected
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if strings.Contains(redirected, "?") || msg.GetStripQuery() {
		query = ""
	}
	return path + query
}

func redirectStatus(code routev3.RedirectAction_RedirectResponseCode) int {
	switch code {
	case routev3.RedirectAction_FOUND:
		return http.StatusFound
	case routev3.RedirectAction_SEE_OTHER:
		return http.StatusSeeOther
	case routev3.RedirectAction_TEMPORARY_REDIRECT:
		return http.StatusTemporaryRedirect
	case routev3.RedirectAction_PERMANENT_REDIRECT:
		return http.StatusPermanentRedirect
	}
	return http.StatusMovedPermanently
}

// redirectToTLS is require_tls. The host keeps its port, and no operation on headers applies.
func redirectToTLS(r *request) model.Outcome {
	return model.Outcome{
		Kind: model.Answered, Status: http.StatusMovedPermanently, Reason: "require_tls",
		ResponseHeaders: []model.Header{{Name: "location", Value: "https://" + r.authority + r.target}},
	}
}
