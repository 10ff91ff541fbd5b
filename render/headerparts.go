package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// headerParts are what a plugin does to headers: it adds, then sets, then removes.
type headerParts struct {
	add, set [][2]string // names and values, in the order of names
	remove   []string
	listed   bool // add is a list of "name: value", as response-rewrite has it
}

// mergeHeaders puts a user's header operations after those of the route, in one plugin, which adds, sets and removes in
// this order. Where that would not come to the same as one after the other, reason says so.
func mergeHeaders(own, users any, read headerReader) (map[string]any, string) {
	a, ok := readHeaderParts(own, read)
	b, fine := readHeaderParts(users, read)
	if !ok || !fine {
		return nil, "the route has this plugin already, and with such headers APISIX would leave out the route"
	}
	for _, name := range append(names(a.add, a.set), a.remove...) {
		removed := hasFold(a.remove, name)
		added, set := hasName(b.add, name), hasName(b.set, name)
		if removed && (added || set) || added && hasName(a.set, name) || mentions(b, name) {
			return nil, fmt.Sprintf("the route has this plugin already, and both deal with the header %q", name)
		}
	}
	a.set = slices.DeleteFunc(a.set, func(h [2]string) bool { return hasName(b.set, h[0]) })
	for _, name := range b.remove {
		if !hasFold(a.remove, name) {
			a.remove = append(a.remove, name)
		}
	}
	a.add, a.set, a.listed = append(a.add, b.add...), append(a.set, b.set...), a.listed || b.listed
	return a.object(), ""
}

// readHeaderParts reads the headers of proxy-rewrite or response-rewrite. Without add, set and remove, they are set.
func readHeaderParts(x any, read headerReader) (o headerParts, ok bool) {
	if x == nil {
		return o, true
	}
	m, ok := x.(map[string]any)
	if !ok || len(m) == 0 {
		return o, false
	}
	if !isTable(m["add"]) && !isTable(m["set"]) && !isTable(m["remove"]) {
		o.set, ok = read.set(m)
		return o, ok
	}
	for key, value := range m {
		switch key {
		case "add":
			o.add, ok = read.add(value)
			o.listed = read.listed
		case "set":
			o.set, ok = read.set(value)
		case "remove":
			o.remove, ok = readNames(value)
		default:
			ok = false
		}
		if !ok {
			return o, false
		}
	}
	return o, true
}

func isTable(x any) bool {
	switch x.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// A headerReader reads the headers of one plugin.
type headerReader struct {
	add, set func(any) ([][2]string, bool)
	listed   bool // what is added is a list of "name: value"
}

var (
	readRequestHeaders  = headerReader{add: readHeaders, set: readHeaders}
	readResponseHeaders = headerReader{add: readAdded, set: readSingle, listed: true}
)

func readAdded(x any) (list [][2]string, ok bool) {
	entries, _ := x.([]any)
	for _, e := range entries {
		header, _ := e.(string)
		if !apisix.IsAddedHeader(header) {
			return nil, false
		}
		name, value, _ := strings.Cut(header, ":")
		list = append(list, [2]string{strings.TrimSpace(name), strings.TrimLeft(value, " \t")})
	}
	return list, len(list) > 0
}

// readSingle reads names and values, of each one.
func readSingle(x any) ([][2]string, bool) {
	m, _ := x.(map[string]any)
	for _, value := range m {
		if isTable(value) {
			return nil, false
		}
	}
	return readHeaders(m)
}

// readHeaders reads names and values, of each one or several.
func readHeaders(x any) (list [][2]string, ok bool) {
	m, ok := x.(map[string]any)
	if !ok || len(m) == 0 {
		return nil, false
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		values, several := m[name].([]any)
		if !several {
			values = []any{m[name]}
		}
		for _, v := range values {
			text, ok := headerText(v)
			if !ok || !isHeaderName(name) {
				return nil, false
			}
			list = append(list, [2]string{name, text})
		}
	}
	return list, true
}

func headerText(x any) (string, bool) {
	switch x := x.(type) {
	case string:
		return x, true
	case int:
		return strconv.Itoa(x), true
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), true
	}
	return "", false
}

func isHeaderName(s string) bool { return s != "" && !strings.Contains(s, ":") }

func readNames(x any) ([]string, bool) {
	list, ok := x.([]any)
	if !ok || len(list) == 0 {
		return nil, false
	}
	var out []string
	for _, e := range list {
		name, _ := e.(string)
		if !isHeaderName(name) {
			return nil, false
		}
		out = append(out, name)
	}
	return out, true
}

func names(lists ...[][2]string) []string {
	var out []string
	for _, list := range lists {
		for _, h := range list {
			out = append(out, h[0])
		}
	}
	return out
}

func hasName(list [][2]string, name string) bool { return hasFold(names(list), name) }

func hasFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// mentions reports whether a value is made from a header: it would be taken before the header is removed.
func mentions(o headerParts, header string) bool {
	variable := "http_" + strings.ReplaceAll(strings.ToLower(header), "-", "_")
	for _, h := range slices.Concat(o.add, o.set) {
		if strings.Contains(strings.ToLower(h[1]), variable) {
			return true
		}
	}
	return false
}

// object is the operations as the plugin's configuration has them.
func (o headerParts) object() map[string]any {
	out := map[string]any{}
	if len(o.add) > 0 && o.listed {
		var list []any
		for _, h := range o.add {
			list = append(list, h[0]+": "+h[1])
		}
		out["add"] = list
	} else if len(o.add) > 0 {
		out["add"] = byName(o.add)
	}
	if len(o.set) > 0 {
		out["set"] = byName(o.set)
	}
	if len(o.remove) > 0 {
		list := make([]any, len(o.remove))
		for i, name := range o.remove {
			list[i] = name
		}
		out["remove"] = list
	}
	return out
}

// byName are headers by their names, with a list where one has several values.
func byName(headers [][2]string) map[string]any {
	m := map[string]any{}
	for _, h := range headers {
		switch before := m[h[0]].(type) {
		case nil:
			m[h[0]] = h[1]
		case []any:
			m[h[0]] = append(before, h[1])
		default:
			m[h[0]] = []any{before, h[1]}
		}
	}
	return m
}
