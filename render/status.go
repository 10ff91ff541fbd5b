package render

import "slices"

// The statuses that APISIX's checks look at are lists, which it reads anew for every request; ours are those that servers
// send. One in no list counts for nothing.
var (
	usualStatuses = []int{
		200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 429,
		500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
	}
	serverErrors  = usualStatuses[slices.Index(usualStatuses, 500):]
	gatewayErrors = []int{502, 503, 504}
)

// without is the members of list that are not in out.
func without(list, out []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(s int) bool { return slices.Contains(out, s) })
}
