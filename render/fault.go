package render

import (
	"slices"
	"strconv"

	commonfaultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/fault/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

const noRuntime = "no runtime values are known"

var faultFields = tableOf(&faultv3.HTTPFault{}, fields{
	"delay":                               partly("where several fault filters delay a request, one of them does"),
	"abort":                               composed,
	"upstream_cluster":                    partly("a fault for one of the clusters that a split takes turns among is not injected"),
	"headers":                             composed,
	"downstream_nodes":                    lost("faults for some downstream nodes are not injected"),
	"max_active_faults":                   partly("faults are injected however many are active, unless none may be"),
	"response_rate_limit":                 lost("the rate of responses is not limited"),
	"delay_percent_runtime":               harmless(noRuntime),
	"abort_percent_runtime":               harmless(noRuntime),
	"delay_duration_runtime":              harmless(noRuntime),
	"abort_http_status_runtime":           harmless(noRuntime),
	"max_active_faults_runtime":           harmless(noRuntime),
	"response_rate_limit_percent_runtime": harmless(noRuntime),
	"abort_grpc_status_runtime":           harmless(noRuntime),
	"disable_downstream_cluster_stats":    harmless("for statistics"),
	"filter_metadata":                     harmless("for access logs"),
})

var faultDelayFields = tableOf(&commonfaultv3.FaultDelay{}, fields{
	"fixed_delay":  rendered,
	"header_delay": lost("no delay is injected that a header of the request asks for"),
	"percentage":   rendered,
})

var faultAbortFields = tableOf(&faultv3.FaultAbort{}, fields{
	"http_status":   rendered,
	"grpc_status":   rendered,
	"header_abort":  lost("no abort is injected that a header of the request asks for"),
	"percentage":    rendered,
	"response_body": rendered,
})

// fault translates the filter that injects faults. Envoy delays and aborts requests that meet the filter's conditions,
// each by a draw of its own, whatever the route does, and where there is no route too. A delay is part of what a variant
// does; an abort is a variant of its own before it, so that what is done to the route's answers is not done to the
// abort's. APISIX's fault-injection acts before any redirect and before all that happens in the access phase.
func (r *renderer) fault(f filterUse, inner []variant) []variant {
	if f.empty((*faultv3.HTTPFault)(nil)) {
		return inner
	}
	config := &faultv3.HTTPFault{}
	at, prefix, ok := r.inForce(f, config)
	if !ok {
		return inner
	}
	faultFields.check(config, at, prefix, &r.findings)
	most := config.GetMaxActiveFaults()
	if len(config.GetDownstreamNodes()) > 0 || most != nil && most.GetValue() == 0 {
		return inner
	}
	if most != nil {
		r.findings.approximate(at, prefix+"max_active_faults", "faults are injected however many are active")
	}
	conditions, ok := r.headerConditions(config.GetHeaders(), at, prefix+"headers")
	if !ok {
		return inner
	}
	delay := r.faultDelay(config.GetDelay(), conditions, at, prefix+"delay.")
	aborts := r.faultAborts(config.GetAbort(), conditions, at, prefix+"abort.")
	for i := range aborts {
		aborts[i].tag = freshTag(inner, aborts[i].tag)
		aborts[i] = r.delayed(aborts[i], delay, at, prefix)
	}
	if cluster := config.GetUpstreamCluster(); cluster != "" {
		return r.faultyCluster(cluster, inner, aborts, delay, at, prefix)
	}
	for i := range inner {
		inner[i] = r.delayed(inner[i], delay, at, prefix)
	}
	if n := len(aborts); n > 0 && len(aborts[n-1].vars) == 0 {
		return aborts
	}
	return append(aborts, inner...)
}

// faultyCluster injects faults into those of the variants that forward requests to a cluster.
func (r *renderer) faultyCluster(cluster string, inner, aborts []variant, delay *apisix.Delay, at *place, prefix string) []variant {
	var out []variant
	for _, v := range inner {
		clusters := r.clustersOf(v)
		switch {
		case !slices.Contains(clusters, cluster):
			out = append(out, v)
			continue
		case len(clusters) > 1:
			r.findings.dropped(at, prefix+"upstream_cluster",
				"APISIX does not know yet which cluster a request goes to: the faults for %q are not injected where it takes part in a split", cluster)
			out = append(out, v)
			continue
		}
		all := false
		for _, a := range aborts {
			all = len(a.vars) == 0
			a.vars = slices.Concat(v.vars, a.vars)
			if v.tag != "" {
				a.tag += ", " + v.tag
			}
			out = append(out, a)
		}
		if !all {
			out = append(out, r.delayed(v, delay, at, prefix))
		}
	}
	return out
}

// clustersOf are the clusters that a variant forwards requests to.
func (r *renderer) clustersOf(v variant) []string {
	ids := v.route.UpstreamIDs()
	for _, s := range v.shares {
		ids = append(ids, s.upstream)
	}
	var clusters []string
	if p := v.route.Plugins; v.forwards && p != nil && p.AmeshPassthrough != nil {
		clusters = append(clusters, p.AmeshPassthrough.Cluster)
	}
	for _, u := range r.uses {
		if v.forwards && slices.Contains(ids, u.id) {
			clusters = append(clusters, u.cluster)
		}
	}
	slices.Sort(clusters)
	return slices.Compact(clusters)
}

// faultDelay is the delay of requests that meet the conditions; nil for none.
func (r *renderer) faultDelay(d *commonfaultv3.FaultDelay, conditions []apisix.Expr, at *place, prefix string) *apisix.Delay {
	faultDelayFields.check(d, at, prefix, &r.findings)
	part, duration := shareOf(d.GetPercentage()), d.GetFixedDelay().AsDuration()
	if part.none() || duration.Milliseconds() <= 0 { // Envoy counts whole milliseconds
		return nil
	}
	delay := &apisix.Delay{Duration: float64(min(duration, noLimit).Milliseconds()) / 1000}
	if vars := slices.Concat(conditions, part.vars(drawDelay)); len(vars) > 0 {
		delay.Vars = [][]apisix.Expr{vars}
	}
	return delay
}

// delayed is a variant with a delay; nil is none. The delay comes first of all that APISIX does for it.
func (r *renderer) delayed(v variant, d *apisix.Delay, at *place, prefix string) variant {
	if d == nil {
		return v
	}
	v.route.Plugins = copyOf(v.route.Plugins)
	var plugin apisix.FaultInjection
	if v.route.Plugins.FaultInjection != nil {
		plugin = *v.route.Plugins.FaultInjection
	}
	if plugin.Delay != nil {
		r.findings.dropped(at, prefix+"delay", "APISIX delays a request once: the delay of another filter is there already")
		return v
	}
	plugin.Delay = d
	v.route.Plugins.FaultInjection = &plugin
	return v
}

// faultAborts are the answers to requests that are aborted: gRPC calls are told by a gRPC status.
func (r *renderer) faultAborts(a *faultv3.FaultAbort, conditions []apisix.Expr, at *place, prefix string) []variant {
	faultAbortFields.check(a, at, prefix, &r.findings)
	part := shareOf(a.GetPercentage())
	status, grpc := int(a.GetHttpStatus()), grpcStatusOf(int(a.GetHttpStatus()))
	switch a.GetErrorType().(type) {
	case *faultv3.FaultAbort_HttpStatus:
	case *faultv3.FaultAbort_GrpcStatus:
		status, grpc = 200, int(a.GetGrpcStatus())
	default:
		return nil
	}
	if status < 200 || status > 599 {
		r.findings.dropped(at, prefix+"http_status", "APISIX cannot answer %d: requests are not aborted", status)
		return nil
	}
	if part.none() {
		return nil
	}
	body := a.GetResponseBody()
	if body == "" {
		body = "fault filter abort"
	}
	vars := slices.Concat(conditions, part.vars(drawAbort))
	calls, others := grpcAnswer(grpc, body), answer(status, body)
	calls.tag, calls.vars = "fault, gRPC", slices.Concat([]apisix.Expr{grpcCall}, vars)
	others.tag, others.vars = "fault", vars
	return []variant{calls, others}
}

// freshTag is the tag, made different from those of the variants.
func freshTag(variants []variant, tag string) string {
	fresh := tag
	for i := 2; slices.ContainsFunc(variants, func(v variant) bool { return v.tag == fresh }); i++ {
		fresh = tag + " " + strconv.Itoa(i)
	}
	return fresh
}
