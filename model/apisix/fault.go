package apisix

import (
	"maps"
	"slices"
	"time"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// fault is fault-injection: it waits, then answers. A percentage draws a number of its own, for which two parts of
// Random stand that do not meet the digits of $request_id in the order in which those are compared.
func (x *exchange) fault(f *conf.FaultInjection) bool {
	if d := f.Delay; d != nil && x.drawn(d.Percentage, x.Random%99_991) && x.alternative(d.Vars) {
		x.out.Delay = time.Duration(d.Duration * float64(time.Second))
	}
	a := f.Abort
	if a == nil || !x.drawn(a.Percentage, x.Random%99_989) || !x.alternative(a.Vars) {
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(a.Headers)) {
		x.out.ResponseHeaders = setHeader(x.out.ResponseHeaders, name, notEmpty(x.interpolate(a.Headers[name]))...)
	}
	x.out.Body = x.interpolate(a.Body)
	return x.respond(a.HTTPStatus, "fault-injection")
}

// drawn says whether a draw of 1 to 100 is within the percentage.
func (x *exchange) drawn(percentage *int, number uint64) bool {
	return percentage == nil || int(number%100)+1 <= *percentage
}

// alternative says whether one of the lists of conditions holds. APISIX takes a condition that nobody knows for one that
// does not hold.
func (x *exchange) alternative(vars [][]conf.Expr) bool {
	return vars == nil || slices.ContainsFunc(vars, func(list []conf.Expr) bool { return x.hold(list) == model.Yes })
}
