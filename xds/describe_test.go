package xds

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// describe puts a request into a line; what it leaves out is empty.
func describe(request any) string {
	var b strings.Builder
	field := func(name string, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	kind := func(url string) {
		k, _ := snapshot.KindOfTypeURL(url)
		b.WriteString(k.String())
	}
	switch q := request.(type) {
	case *discoveryv3.DeltaDiscoveryRequest:
		kind(q.GetTypeUrl())
		field("node", q.GetNode().GetId())
		field("add", strings.Join(q.GetResourceNamesSubscribe(), ","))
		field("drop", strings.Join(q.GetResourceNamesUnsubscribe(), ","))
		var have []string
		for _, name := range slices.Sorted(maps.Keys(q.GetInitialResourceVersions())) {
			have = append(have, name+"@"+q.GetInitialResourceVersions()[name])
		}
		field("have", strings.Join(have, ","))
		field("nonce", q.GetResponseNonce())
		field("error", q.GetErrorDetail().GetMessage())
	case *discoveryv3.DiscoveryRequest:
		kind(q.GetTypeUrl())
		field("node", q.GetNode().GetId())
		field("names", strings.Join(q.GetResourceNames(), ","))
		field("version", q.GetVersionInfo())
		field("nonce", q.GetResponseNonce())
		field("error", q.GetErrorDetail().GetMessage())
	}
	return b.String()
}
