package xds

import (
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// protocol is one of the two variants of the discovery protocol, on an open stream. One goroutine may send while another
// receives.
type protocol interface {
	// send sends a request. After an error receive tells why the stream has ended.
	send(*request) error
	// receive waits for the next response.
	receive() (*response, error)
	// end says that no request will follow.
	end() error
	// close ends the connection.
	close() error
}

// request is what the client says about one kind, in the terms of both variants.
type request struct {
	kind snapshot.Kind
	node *corev3.Node // on the first request of a stream

	answers bool   // whether it accepts or refuses a response; otherwise it changes the subscription
	nonce   string // of the latest response of the kind on this stream
	refusal string // why that response is refused, "" if it is not
	version string // of the last response of the kind that was accepted, on any stream

	names     []string          // all that is subscribed to by name, sorted
	add, drop []string          // how names differ from those of the last request on this stream
	versions  map[string]string // of the resources held; only on the kind's first request of a stream
}

// response is what the server says about one kind.
type response struct {
	typeURL        string
	version, nonce string
	resources      []resource
	removed        []string // resources that do not exist
	full           bool     // of a kind that is subscribed to by wildcard, all there is
}

// resource is one resource of a response.
type resource struct {
	name    string   // as the server calls it; "" where only the resource itself says
	aliases []string // other names by which it may have been asked for
	version string
	body    *anypb.Any // nil if it is said to be as before
}

// bytes is the size of the resources as they came.
func (r *response) bytes() (n int) {
	for _, res := range r.resources {
		n += len(res.body.GetValue())
	}
	return n
}

// wrapped is a resource in the envelope that delta always uses, and the state of the world for those with a time to live.
func wrapped(r *discoveryv3.Resource) resource {
	name := r.GetName()
	if name == "" {
		name = r.GetResourceName().GetName()
	}
	return resource{name: name, aliases: r.GetAliases(), version: r.GetVersion(), body: r.GetResource()}
}

const envelope = "/envoy.service.discovery.v3.Resource"

// unwrapped is a resource that may be in an envelope.
func unwrapped(a *anypb.Any) resource {
	if r := new(discoveryv3.Resource); strings.HasSuffix(a.GetTypeUrl(), envelope) && a.UnmarshalTo(r) == nil {
		return wrapped(r)
	}
	return resource{body: a}
}

// notFound are the names that the server says do not exist, by way of an error for each.
func notFound(all []*discoveryv3.ResourceError) (names []string) {
	for _, e := range all {
		if e.GetErrorDetail().GetCode() == int32(codes.NotFound) {
			names = append(names, e.GetResourceName().GetName())
		}
	}
	return names
}

// errorDetail is how a request says that it refuses a response, nil if it does not.
func (r *request) errorDetail() *statuspb.Status {
	if r.refusal == "" {
		return nil
	}
	return &statuspb.Status{Code: int32(codes.InvalidArgument), Message: r.refusal}
}
