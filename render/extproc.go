package render

import (
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
)

// extProc refuses what reaches a filter that hands requests to a service, which may answer in the place of the upstream:
// APISIX cannot ask it. Where Envoy would go on without the service (failure_mode_allow), or does not wait for what it
// says (observability_mode), so do we.
func (r *renderer) extProc(f filterUse, inner []variant) []variant {
	config := &extprocv3.ExternalProcessor{}
	if f.config.UnmarshalTo(config) != nil {
		return r.unknownGuard(f, inner)
	}
	passes := config.GetFailureModeAllow()
	if own := (&extprocv3.ExtProcPerRoute{}); f.own != nil {
		if f.own.UnmarshalTo(own) != nil {
			return r.unknownGuard(f, inner)
		}
		if own.GetDisabled() {
			return inner
		}
		if allow := own.GetOverrides().GetFailureModeAllow(); allow != nil {
			passes = allow.GetValue()
		}
	}
	at, field := f.place()
	if passes || config.GetObservabilityMode() {
		r.findings.dropped(at, field, "the service is not asked: requests pass as Envoy lets them while it cannot be reached")
		return inner
	}
	if refusesAll(inner) {
		return inner
	}
	r.findings.denied(at, field, "APISIX cannot ask the service, which may refuse requests: all are refused with 403")
	return []variant{refusal}
}
