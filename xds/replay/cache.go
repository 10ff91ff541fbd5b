package replay

import (
	"context"
	"errors"
	"strconv"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// versionPrefix begins the versions of one server. A client that comes back from another one is answered anew.
func versionPrefix() string { return strconv.FormatInt(time.Now().UnixNano(), 36) + "/" }

// newCaches makes one cache for each kind. In linear caches a version belongs to a kind, and each client is known to hold
// what it has been sent: an endpoint that changes is pushed alone, as istiod does it. (go-control-plane's snapshot cache
// sends a whole kind again, and answers a rejection with the rejected, for ever.)
func newCaches(prefix string) map[snapshot.Kind]*cache.LinearCache {
	caches := map[snapshot.Kind]*cache.LinearCache{}
	for k := snapshot.Cluster; k <= snapshot.Secret; k++ {
		caches[k] = cache.NewLinearCache(k.TypeURL(), cache.WithVersionPrefix(prefix))
	}
	return caches
}

// namedTypes are the types of which a request that names nothing asks for nothing; of the others, it asks for all.
func namedTypes() []string {
	return []string{snapshot.Endpoints.TypeURL(), snapshot.RouteConfiguration.TypeURL(), snapshot.Secret.TypeURL()}
}

// mux joins the caches. Requests for any other type get no answer, and do no harm to the stream.
func mux(caches map[snapshot.Kind]*cache.LinearCache) cache.Cache {
	m := &cache.MuxCache{
		Classify:      func(r *cache.Request) string { return known(r.GetTypeUrl()) },
		ClassifyDelta: func(r *cache.DeltaRequest) string { return known(r.GetTypeUrl()) },
		Caches:        map[string]cache.Cache{"": silence{}},
	}
	for k, c := range caches {
		m.Caches[k.TypeURL()] = c
	}
	return m
}

// known is the type URL if it is that of a kind, else "".
func known(typeURL string) string {
	if k, ok := snapshot.KindOfTypeURL(typeURL); ok && k.TypeURL() == typeURL {
		return typeURL
	}
	return ""
}

// silence is a cache that never answers.
type silence struct{}

func (silence) CreateWatch(*cache.Request, cache.Subscription, chan cache.Response) (func(), error) {
	return func() {}, nil
}

func (silence) CreateDeltaWatch(*cache.DeltaRequest, cache.Subscription, chan cache.DeltaResponse) (func(), error) {
	return func() {}, nil
}

func (silence) Fetch(context.Context, *cache.Request) (cache.Response, error) {
	return nil, errors.New("not served")
}

// callbacks tell of rejections, and keep the first response of a kind from being sent for ever to a client that rejects
// it: such a client has no version to name, which to a linear cache means that it has never been answered.
func callbacks(prefix string, rejected func(Rejection)) server.Callbacks {
	tell := func(typeURL string, detail *statuspb.Status) {
		if k, ok := snapshot.KindOfTypeURL(typeURL); ok && detail != nil && rejected != nil {
			rejected(Rejection{Kind: k, Reason: detail.GetMessage()})
		}
	}
	return server.CallbackFuncs{
		StreamRequestFunc: func(_ int64, r *discoveryv3.DiscoveryRequest) error {
			if r.GetVersionInfo() == "" && r.GetResponseNonce() != "" {
				r.VersionInfo = prefix
			}
			tell(r.GetTypeUrl(), r.GetErrorDetail())
			return nil
		},
		StreamDeltaRequestFunc: func(_ int64, r *discoveryv3.DeltaDiscoveryRequest) error {
			tell(r.GetTypeUrl(), r.GetErrorDetail())
			return nil
		},
	}
}
