package envoy

import (
	"math"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/model"
)

func TestFaults(t *testing.T) {
	const (
		abort = `"abort":{"http_status":418,"percentage":{"numerator":100}}`
		delay = `"delay":{"fixed_delay":"0.5s","percentage":{"numerator":100}}`
	)
	half := `"abort":{"http_status":418,"percentage":{"numerator":500000,"denominator":"MILLION"}}`
	for _, tc := range []struct {
		name, fault string
		random      uint64
		want        any
		delay       time.Duration
	}{
		{"abort", abort, 0, 418, 0},
		{"delay", delay, 0, "c", 500 * time.Millisecond},
		{"delay, then abort", delay + "," + abort, 0, 418, 500 * time.Millisecond},
		{"half, hit", half, 0, 418, 0},
		{"half, missed", half, 1, "c", 0},
		{"no percentage is none", `"abort":{"http_status":418}`, 0, "c", 0},
		{"header holds", abort + `,"headers":[{"name":"x-a","string_match":{"exact":"1"}}]`, 0, 418, 0},
		{"header does not hold", abort + `,"headers":[{"name":"x-a","string_match":{"exact":"2"}}]`, 0, "c", 0},
		{"cluster", abort + `,"upstream_cluster":"c"`, 0, 418, 0},
		{"other cluster", abort + `,"upstream_cluster":"d"`, 0, "c", 0},
		{"other node", abort + `,"downstream_nodes":["n"]`, 0, "c", 0},
		{"none may be active", abort + `,"max_active_faults":0`, 0, "c", 0},
		{"gRPC status for others", `"abort":{"grpc_status":14,"percentage":{"numerator":100}}`, 0, 200, 0},
		{"by header, not asked for", `"abort":{"header_abort":{},"percentage":{"numerator":100}}`, 0, "c", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			filter := `fault|fault.v3.HTTPFault|,` + tc.fault
			perRoute := `"typed_per_filter_config":{"fault":{` + filterTypes + `fault.v3.HTTPFault",` + tc.fault + `}},`
			for where, route := range map[string]func(*model.Request) model.Outcome{
				"listener":     managed(t, "", []string{filter}, hosts("", toC)),
				"virtual host": managed(t, "", []string{`fault|fault.v3.HTTPFault|`}, hosts(perRoute, toC)),
			} {
				r := arriving("h", "/", headers("x-a: 1")...)
				r.Random = tc.random
				got := route(r)
				if result(got) != tc.want || got.Delay != tc.delay {
					t.Errorf("%s: got %v after %v, want %v after %v", where, got, got.Delay, tc.want, tc.delay)
				}
				if got.Kind == model.Answered && (got.Body != "fault filter abort" || got.Filter != "fault") {
					t.Errorf("%s: got the body %q of %q", where, got.Body, got.Filter)
				}
			}
		})
	}
}

func TestFaultsForGRPC(t *testing.T) {
	route := managed(t, "", []string{`fault|fault.v3.HTTPFault|,"abort":{"grpc_status":5,"percentage":{"numerator":100}}`},
		hosts("", toC))
	got := route(arriving("h", "/", headers("content-type: application/grpc")...))
	want := "content-type: application/grpc; grpc-message: fault filter abort; grpc-status: 5"
	if got.Status != 200 || shown(got.ResponseHeaders) != want {
		t.Errorf("got %v with %q, want 200 with %q", got, shown(got.ResponseHeaders), want)
	}
}

// TestFaultsTakeTheirShare: consecutive numbers are enough to see it, also of a delay together with an abort.
func TestFaultsTakeTheirShare(t *testing.T) {
	route := managed(t, "", []string{`fault|fault.v3.HTTPFault|,"abort":{"http_status":418,"percentage":{"numerator":30}},
		"delay":{"fixed_delay":"1s","percentage":{"numerator":70}}`}, hosts("", toC))
	const draws = 4096
	aborted, delayed, both := 0.0, 0.0, 0.0
	for k := range uint64(draws) {
		r := arriving("h", "/")
		r.Random = k
		got := route(r)
		if got.Status == 418 {
			aborted += 1.0 / draws
		}
		if got.Delay > 0 {
			delayed += 1.0 / draws
		}
		if got.Status == 418 && got.Delay > 0 {
			both += 1.0 / draws
		}
	}
	for _, share := range []struct{ got, want float64 }{{aborted, 0.3}, {delayed, 0.7}, {both, 0.21}} {
		if math.Abs(share.got-share.want) > 0.005 {
			t.Errorf("got a share of %.4f, want %.4f", share.got, share.want)
		}
	}
}
