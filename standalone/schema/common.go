package schema

import (
	"net/netip"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// Fields that several kinds of objects have.

const nameLength = apisix.MaxText

var (
	id = either{
		like(`^[a-zA-Z0-9-_.]+$`, "has characters other than letters, digits, '-', '_' and '.'").long(1, apisix.MaxID),
		atLeast(1),
	}
	name   = str(1, nameLength)
	desc   = str(0, nameLength)
	labels = mapTo(like(`^\S+$`, "holds white space").long(1, nameLength))
	host   = like(`^\*$|^\*?[0-9a-zA-Z-._\[\]:]+$`, "is not a host name, with a * in front at most")
	method = oneOf(apisix.Methods...)

	plugins   = object{others: free{}}
	pem       = str(apisix.MinCertificate, apisix.MaxPEM)
	pemKey    = str(apisix.MinKey, apisix.MaxPEM)
	port      = integer(1, 65535)
	seconds   = num{min: 0, max: anyNumber.max, above: true}
	timeout   = object{fields: fields{"connect": seconds, "send": seconds, "read": seconds}, ignores: true}.needs("connect", "send", "read")
	code      = str(10, 100<<10)
	onOrOff   = num{min: 0, max: 1, whole: true, choice: []float64{0, 1}}
	luaFilter = like(`^function`, "does not start with function").long(10, 0)
)

// kind is an object with the fields that every kind has, and its own.
func kind(own fields) object {
	for name, shape := range map[string]Shape{"id": id, "create_time": anyInteger, "update_time": anyInteger} {
		own[name] = shape
	}
	return exactly(own)
}

// described is kind with the fields that nearly every kind has, too.
func described(own fields) object {
	for name, shape := range map[string]Shape{"name": name, "desc": desc, "labels": labels} {
		if own[name] == nil {
			own[name] = shape
		}
	}
	return kind(own)
}

// network is an address or a network in CIDR form.
type network struct{}

func (network) noun() string { return "an IP address or network" }

// lenient6 is how APISIX's schema sees an IPv6 network.
var lenient6 = like(`^([a-fA-F0-9]{0,4}:){1,8}(:[a-fA-F0-9]{0,4}){0,8}([a-fA-F0-9]{0,4})?/[0-9]{1,3}$`, "").pattern

func (s network) check(c *checker, v any) {
	t, ok := v.(string)
	if _, any := v.(Anything); any {
		return
	}
	if !ok {
		wrong(c, s, v)
		return
	}
	if a, err := netip.ParseAddr(t); err == nil && a.Zone() == "" {
		return
	}
	if p, err := netip.ParsePrefix(t); err == nil && p.Addr().Is4() || lenient6.MatchString(t) {
		return
	}
	c.fault("%.60q is neither an IP address nor a network in CIDR form", t)
}
