package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// Plain is a request as nginx reads it, spelt so that both proxies read it alike: the path decoded, without dot segments
// and doubled slashes, and encoded only where it must be; the host without a dot at its end; headers with "-" for "_" in
// their names, those of one name in one, none with "." in its name. ok is false if nginx refuses the path.
//
// docs/limits.md has what differs because of how nginx reads requests, whatever the configuration is: no finding is made
// for it. APISIX does with an odd request what Envoy does with the plain one.
func Plain(r *model.Request) (*model.Request, bool) {
	out := *r
	path, query, found := r.PathAndQuery()
	var ok bool
	if out.Target, ok = plainPath(path); !ok {
		return nil, false
	}
	if found {
		out.Target += "?" + query
	}
	host, port, hasPort := strings.Cut(r.Authority, ":")
	out.Authority = strings.TrimSuffix(host, ".")
	if hasPort {
		out.Authority += ":" + port
	}
	out.Headers = plainHeaders(r.Headers)
	return &out, true
}

// plainHeaders are the headers of one name in one, those with "_" in their names once more with "-", without those that
// nginx drops.
func plainHeaders(headers []model.Header) []model.Header {
	var out []model.Header
	for _, h := range Kept(headers) {
		if strings.Contains(h.Name, "_") {
			out = append(out, h)
		}
		name := strings.ReplaceAll(h.Name, "_", "-")
		at := slices.IndexFunc(out, func(h model.Header) bool { return h.Name == name })
		if at < 0 {
			out = append(out, model.Header{Name: name, Value: h.Value})
		} else {
			out[at].Value += ", " + h.Value
		}
	}
	return out
}

// Kept are the headers that nginx does not drop for their names.
func Kept(headers []model.Header) []model.Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h model.Header) bool { return strings.Contains(h.Name, ".") })
}

func plainPath(path string) (string, bool) {
	var decoded strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' {
			if _, err := fmt.Sscanf(path[i+1:min(i+3, len(path))], "%02x", &c); err != nil {
				return "", false
			}
			i += 2
		}
		decoded.WriteByte(c)
	}
	var segments []string
	all := strings.Split(decoded.String(), "/")
	for i, s := range all[1:] {
		last := i == len(all)-2
		switch {
		case s == "..":
			if len(segments) == 0 {
				return "", false
			}
			segments = segments[:len(segments)-1]
		case s != "" && s != ".":
			segments = append(segments, s)
			continue
		}
		if last {
			segments = append(segments, "")
		}
	}
	return encodePath("/" + strings.Join(segments, "/")), true
}

// encodePath encodes what would not stand for itself in a request line.
func encodePath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`%?#\`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// reading says how nginx reads a request that the plain one tells apart from; "" if they are the same.
func reading(r, plain *model.Request) string {
	var out []string
	if plain.Target != r.Target {
		out = append(out, "the path as "+plain.Target)
	}
	if plain.Authority != r.Authority {
		out = append(out, "the host as "+plain.Authority)
	}
	if !slices.Equal(plain.Headers, r.Headers) {
		out = append(out, "headers of one name as one, and _ in their names as -")
	}
	return strings.Join(out, ", ")
}
