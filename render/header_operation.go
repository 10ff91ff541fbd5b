//lint:file-ignore SA1019 Control planes still send the deprecated append.

package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var headerOptionFields = tableOf(&corev3.HeaderValueOption{}, fields{
	"header":           partly("some headers cannot be changed, and not every command operator has a counterpart"),
	"append":           someValues,
	"append_action":    partly("a header cannot be replaced only where it is there; some values cannot be added beside others"),
	"keep_empty_value": partly("a header cannot have an empty value"),
})

// A headerLevel is something that changes headers: a weighted cluster, a route, a virtual host, a route configuration.
type headerLevel struct {
	ops interface {
		GetRequestHeadersToAdd() []*corev3.HeaderValueOption
		GetRequestHeadersToRemove() []string
		GetResponseHeadersToAdd() []*corev3.HeaderValueOption
		GetResponseHeadersToRemove() []string
	}
	at     *place
	prefix string // the field path below at
}

// headerLevels are the levels of a route in the order in which Envoy applies them: the most specific first, or last with
// most_specific_header_mutations_wins. What comes later wins. Those of a weighted cluster always come first.
func headerLevels(c *httpChain, vh *routev3.VirtualHost, rt *routev3.Route, at *place, own ...headerLevel) []headerLevel {
	route := headerLevel{ops: rt, at: at}
	host := headerLevel{ops: vh, at: c.routesAt.child("virtual_host", vh.GetName())}
	all := headerLevel{ops: c.routes, at: c.routesAt}
	if c.routes.GetMostSpecificHeaderMutationsWins() {
		return append(own, all, host, route)
	}
	return append(own, route, host, all)
}

// mutations are what the levels together do to the headers of one side.
func (r *renderer) mutations(levels []headerLevel, side headerSide) mutations {
	var m mutations
	refers, asks := map[string]headerLevel{}, map[string]headerLevel{}
	for _, l := range levels {
		names, options := l.ops.GetRequestHeadersToRemove(), l.ops.GetRequestHeadersToAdd()
		if side.response {
			names, options = l.ops.GetResponseHeadersToRemove(), l.ops.GetResponseHeadersToAdd()
		}
		for _, name := range names {
			if r.mutable(name, side, l, "remove") {
				m.remove(name)
			}
		}
		r.addLevel(&m, options, side, l, refers, asks)
	}
	for name, l := range refers {
		if _, changed := m.headers[strings.ToLower(name)]; changed {
			r.findings.approximate(l.at, l.prefix+side.field+"add",
				"a value is made of the header %q, which is itself changed: which of the two comes first is open", name)
		}
	}
	for name, l := range asks {
		if changesRequest(levels, name) {
			r.findings.approximate(l.at, l.prefix+side.field+"add",
				"a value is made of the request's header %q, which is itself changed: it may be the value before or after that", name)
		}
	}
	return m
}

// changesRequest reports whether the levels change a header of the request.
func changesRequest(levels []headerLevel, name string) bool {
	return slices.ContainsFunc(levels, func(l headerLevel) bool {
		return slices.ContainsFunc(l.ops.GetRequestHeadersToRemove(), func(n string) bool { return strings.EqualFold(n, name) }) ||
			slices.ContainsFunc(l.ops.GetRequestHeadersToAdd(), func(o *corev3.HeaderValueOption) bool {
				return strings.EqualFold(o.GetHeader().GetKey(), name)
			})
	})
}

// addLevel applies the headers that one level adds: all conditions and values are taken before any of them is changed,
// and those that overwrite come before those that append.
func (r *renderer) addLevel(m *mutations, options []*corev3.HeaderValueOption, side headerSide, l headerLevel,
	refers, asks map[string]headerLevel,
) {
	before := *m
	var appended []func()
	for _, o := range options {
		op, ok := r.headerOption(o, side, l)
		if !ok {
			continue
		}
		for _, name := range op.value.refers {
			refers[name] = l
		}
		for _, name := range op.value.asks {
			asks[name] = l
		}
		s := before.get(op.name)
		if s.open && (op.action == corev3.HeaderValueOption_ADD_IF_ABSENT || op.action == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS) {
			r.findings.approximate(l.at, l.prefix+side.field+"add",
				"the header %q is taken to be there, though its value may turn out to be empty", op.name)
		}
		switch op.action {
		case corev3.HeaderValueOption_OVERWRITE_IF_EXISTS:
			if !s.present() && !s.absent() {
				r.findings.dropped(l.at, l.prefix+side.field+"add",
					"APISIX cannot replace the header %q only where it is there: it stays as it is", op.name)
			}
			if s.present() {
				m.set(op.name, op.value.text)
			}
		case corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD:
			m.set(op.name, op.value.text)
		case corev3.HeaderValueOption_ADD_IF_ABSENT:
			if s.absent() {
				appended = append(appended, func() { m.append(op) })
			} else if !s.present() {
				appended = append(appended, func() { r.addIfAbsent(m, op, side, l) })
			}
		default:
			if !s.removed && onlyOnce(op.name, side) {
				r.findings.approximate(l.at, l.prefix+side.field+"add",
					"where the header %q is there, APISIX replaces its value; Envoy adds another", op.name)
			}
			appended = append(appended, func() { m.append(op) })
		}
	}
	for _, f := range appended {
		f()
	}
}

// append adds a value to what is there.
func (m *mutations) append(op headerOption) {
	s := m.get(op.name)
	s.open = op.value.variable && (s.open || !s.present())
	s.values = append(s.values[:len(s.values):len(s.values)], op.value.text)
	m.put(s)
}

// addIfAbsent adds a value that counts only where there was no such header.
func (r *renderer) addIfAbsent(m *mutations, op headerOption, side headerSide, l headerLevel) {
	s := m.get(op.name)
	if s.removed || s.present() || op.value.variable || !apisix.IsDefault(op.value.plain) || !isVariableName(op.name) {
		r.findings.dropped(l.at, l.prefix+side.field+"add",
			"APISIX cannot add the value of the header %q only where there is none: it is not added", op.name)
		return
	}
	if !plainName(op.name) {
		r.findings.approximate(l.at, l.prefix+side.field+"add", "APISIX does not tell the header %q from one with %q in place of %q",
			op.name, "-", "_")
	}
	r.findings.approximate(l.at, l.prefix+side.field+"add", "where the header %q is there and empty, APISIX removes it", op.name)
	s.fallback = op.value.plain
	m.put(s)
}

// isVariableName reports whether a header has a variable.
func isVariableName(name string) bool { return plainName(strings.ReplaceAll(name, "_", "-")) }

// A headerOption is one header that is added.
type headerOption struct {
	name   string
	value  headerValue
	action corev3.HeaderValueOption_HeaderAppendAction
}

// headerOption reads HeaderValueOption. It is not ok when nothing is to be done; a finding says so where Envoy would.
func (r *renderer) headerOption(o *corev3.HeaderValueOption, side headerSide, l headerLevel) (headerOption, bool) {
	headerOptionFields.check(o, l.at, l.prefix+side.field+"add.", &r.findings)
	op := headerOption{name: o.GetHeader().GetKey(), action: o.GetAppendAction()}
	if !r.mutable(op.name, side, l, "add") {
		return op, false
	}
	if o.GetAppend() != nil {
		op.action = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
		if !o.GetAppend().GetValue() {
			op.action = corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
		}
	}
	text := o.GetHeader().GetValue()
	if text == "" {
		text = string(o.GetHeader().GetRawValue())
	}
	var err error
	if op.value, err = r.headerText(text, side); err != nil {
		r.findings.dropped(l.at, l.prefix+side.field+"add", "the header %q is not added: %v", op.name, err)
		return op, false
	}
	for _, difference := range op.value.near {
		r.findings.approximate(l.at, l.prefix+side.field+"add", "%s", difference)
	}
	switch {
	case text == "" && o.GetKeepEmptyValue():
		r.findings.dropped(l.at, l.prefix+side.field+"add", "APISIX cannot give the header %q an empty value: it stays as it is", op.name)
	case op.value.variable:
		r.emptyValue(op, o.GetKeepEmptyValue(), side, l)
	}
	return op, text != ""
}

// emptyValue reports what a value that turns out to be empty does.
func (r *renderer) emptyValue(op headerOption, keep bool, side headerSide, l headerLevel) {
	switch {
	case keep || op.action != corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
		r.findings.approximate(l.at, l.prefix+side.field+"add",
			"where the value of the header %q turns out to be empty, APISIX removes the header", op.name)
	case !side.response && len(op.value.refers) > 0:
		r.findings.approximate(l.at, l.prefix+side.field+"add",
			"where the value of the header %q turns out to be empty, APISIX adds an empty header, Envoy none", op.name)
	}
}

// headerText reads a value, and refuses what cannot stand in a header.
func (r *renderer) headerText(text string, side headerSide) (headerValue, error) {
	if !utf8.ValidString(text) {
		return headerValue{}, fmt.Errorf("APISIX's file cannot hold its value")
	}
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return headerValue{}, fmt.Errorf("its value has control characters")
	}
	return parseHeaderValue(text, side)
}

// fixedHeaders are headers that APISIX's proxy writes by itself, whatever plugins do, with what becomes of them.
var fixedHeaders = map[string]string{
	"connection": "belongs to the connection", "upgrade": "belongs to the connection",
	"content-length": "belongs to the body", "transfer-encoding": "belongs to the body",
}

// Headers of which nginx keeps one: to add another replaces it.
var (
	requestOnce = []string{"accept", "accept-encoding", "accept-language", "authorization", "content-type", "date", "depth", "destination",
		"expect", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "overwrite", "range", "referer",
		"user-agent", "via"}
	responseOnce = []string{"accept-ranges", "content-encoding", "content-range", "content-type", "date", "etag", "expires", "last-modified",
		"location", "refresh", "server", "www-authenticate"}
)

func onlyOnce(name string, side headerSide) bool {
	list := requestOnce
	if side.response {
		list = responseOnce
	}
	return slices.Contains(list, strings.ToLower(name))
}

// mutable reports whether APISIX can change a header; where it cannot, a finding says so.
func (r *renderer) mutable(name string, side headerSide, l headerLevel, op string) bool {
	key, field := strings.ToLower(name), l.prefix+side.field+op
	why := fixedHeaders[key]
	switch {
	case key == "host" || strings.HasPrefix(key, ":"):
		why = "cannot be changed this way, in Envoy neither"
	case !isToken(name) || len(name) > apisix.MaxKey/2:
		why = "is no name of a header that APISIX takes"
	case !side.response && key == "x-real-ip":
		why = "is always set by APISIX to the client's address"
	}
	if why != "" {
		r.findings.dropped(l.at, field, "the header %.100q %s: it is not changed", name, why)
		return false
	}
	switch {
	case side.response && strings.Contains(name, "_"):
		r.findings.approximate(l.at, field, "APISIX writes %q with hyphens in place of underscores", name)
	case !side.response && key == "x-forwarded-for":
		r.findings.approximate(l.at, field, "APISIX appends the client's address to X-Forwarded-For afterwards")
	}
	return true
}
