package envoy

import (
	"math/bits"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/amesh-render/amesh-render/model"
)

// fault is the fault filter: a delay, then an answer, each for a share of the requests. Limits on the rate of the
// response are not modelled, and no runtime override is.
type fault struct {
	msg     *faultv3.HTTPFault
	headers []condition
}

func newFault(msg *faultv3.HTTPFault) *fault {
	f := &fault{msg: msg}
	for _, h := range msg.GetHeaders() {
		f.headers = append(f.headers, headerCondition(h))
	}
	return f
}

func (f *fault) decode(s *stream, levels []any) *model.Outcome {
	if len(levels) > 0 {
		level, ok := levels[0].(*fault)
		if !ok {
			return s.unsure("a route's configuration of the fault filter is not modelled")
		}
		f = level
	}
	switch f.concerns(s) {
	case model.No:
		return nil
	case model.Unknown:
		return s.unsure("whether a fault is injected depends on what is not modelled")
	}
	delay, abort := f.draws(s.Random)
	if delay {
		s.delay += f.msg.GetDelay().GetFixedDelay().AsDuration().Truncate(time.Millisecond)
	}
	if abort {
		return f.abort(s)
	}
	return nil
}

// concerns says whether the fault may be injected into the request at all.
func (f *fault) concerns(s *stream) model.Verdict {
	if limit := f.msg.GetMaxActiveFaults(); limit != nil && limit.GetValue() == 0 {
		return model.No
	}
	if cluster := f.msg.GetUpstreamCluster(); cluster != "" && cluster != s.upstream() {
		return model.No
	}
	node, _ := s.header("x-envoy-downstream-service-node")
	if nodes := f.msg.GetDownstreamNodes(); len(nodes) > 0 && !slices.Contains(nodes, node) {
		return model.No
	}
	v := model.Yes
	for _, h := range f.headers {
		v = v.And(h.holds(s.request))
	}
	if f.byHeader() && s.asksForFault() {
		v = v.And(model.Unknown)
	}
	return v
}

// byHeader says whether requests can ask for faults themselves. One that does not ask gets none of those.
func (f *fault) byHeader() bool {
	return f.msg.GetDelay().GetHeaderDelay() != nil || f.msg.GetAbort().GetHeaderAbort() != nil
}

func (s *stream) asksForFault() bool {
	return slices.ContainsFunc(s.headers, func(h model.Header) bool { return strings.HasPrefix(h.Name, "x-envoy-fault-") })
}

// upstream is the cluster to which the route forwards, "" without one.
func (s *stream) upstream() string {
	switch {
	case s.route == nil:
		return ""
	case s.choice.cluster != nil:
		return s.choice.cluster.cluster(s.request)
	}
	return s.route.cluster
}

// draws says what is injected. Envoy draws two numbers that depend neither on each other nor on the one by which routes
// and clusters are chosen; the model makes them of the one that it has. Consecutive Randoms give each its share sooner
// than random ones would, and each combination its own, because the multipliers make low-discrepancy sequences of them.
func (f *fault) draws(random uint64) (delay, abort bool) {
	return f.hits(f.msg.GetDelay().GetPercentage(), random*0x9e3779b97f4a7c15),
		f.hits(f.msg.GetAbort().GetPercentage(), random*0xd1b54a32d192ed03)
}

// hits says whether a number, as a fraction of 1<<64, falls into the share of a percentage.
func (f *fault) hits(p *typev3.FractionalPercent, number uint64) bool {
	drawn, _ := bits.Mul64(number, denominator(p))
	return drawn < uint64(p.GetNumerator())
}

// abort answers. A gRPC status means something to gRPC requests only; others get a 200 with the body.
func (f *fault) abort(s *stream) *model.Outcome {
	body := f.msg.GetAbort().GetResponseBody()
	if body == "" {
		body = "fault filter abort"
	}
	switch kind := f.msg.GetAbort().GetErrorType().(type) {
	case *faultv3.FaultAbort_HttpStatus:
		return s.refuse(int(kind.HttpStatus), body, "fault")
	case *faultv3.FaultAbort_GrpcStatus:
		var status []model.Header
		if isGRPC(s.request) == model.Yes {
			status = []model.Header{{Name: "grpc-status", Value: strconv.Itoa(int(kind.GrpcStatus))}}
		}
		return s.refuse(http.StatusOK, body, "fault", status...)
	}
	return nil
}
