package modeltest

import (
	"math/rand/v2"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	commonfaultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/fault/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
)

// fault draws a delay, an abort, or both, for all requests or for a share of them.
func fault(rng *rand.Rand) *faultv3.HTTPFault {
	f := &faultv3.HTTPFault{}
	if oneIn(rng, 2) {
		f.Delay = &commonfaultv3.FaultDelay{
			FaultDelaySecifier: &commonfaultv3.FaultDelay_FixedDelay{FixedDelay: &durationpb.Duration{Seconds: 1, Nanos: 500_000_000}},
			Percentage:         share(rng),
		}
	}
	if f.Delay == nil || oneIn(rng, 2) {
		f.Abort = &faultv3.FaultAbort{ErrorType: &faultv3.FaultAbort_HttpStatus{HttpStatus: pick[uint32](rng, 418, 503)}, Percentage: share(rng)}
		if oneIn(rng, 4) {
			f.Abort.ErrorType = &faultv3.FaultAbort_GrpcStatus{GrpcStatus: 14}
		}
	}
	if oneIn(rng, 8) {
		f.UpstreamCluster = "another"
	}
	if oneIn(rng, 3) {
		f.Headers = []*routev3.HeaderMatcher{header(rng)}
	}
	return f
}

// share is a percentage: mostly one at which all requests or none are hit, whatever number is drawn.
func share(rng *rand.Rand) *typev3.FractionalPercent {
	switch rng.IntN(6) {
	case 0:
		return &typev3.FractionalPercent{Numerator: pick[uint32](rng, 10, 33, 50)}
	case 1:
		return &typev3.FractionalPercent{Numerator: 4_375, Denominator: typev3.FractionalPercent_TEN_THOUSAND}
	case 2:
		return &typev3.FractionalPercent{Denominator: typev3.FractionalPercent_MILLION}
	}
	return &typev3.FractionalPercent{Numerator: 1_000_000, Denominator: typev3.FractionalPercent_MILLION}
}
