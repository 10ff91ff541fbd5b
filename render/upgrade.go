package render

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

var upgradeFields = tableOf(&routev3.RouteAction_UpgradeConfig{}, fields{
	"upgrade_type":   partly("only WebSocket"),
	"enabled":        rendered,
	"connect_config": lost("APISIX does not take CONNECT requests"),
})

// websocket reports whether a route lets clients upgrade to WebSocket: as it says itself, else as the listener says.
func (r *renderer) websocket(c *httpChain, a *routev3.RouteAction, at *place) bool {
	allowed := c.websocket()
	for _, u := range a.GetUpgradeConfigs() {
		upgradeFields.check(u, at, "route.upgrade_configs.", &r.findings)
		enabled := u.GetEnabled() == nil || u.GetEnabled().GetValue()
		switch {
		case strings.EqualFold(u.GetUpgradeType(), "websocket"):
			allowed = enabled
		case enabled:
			r.findings.dropped(at, "route.upgrade_configs", "upgrades to %q are not rendered", u.GetUpgradeType())
		}
	}
	return allowed
}
