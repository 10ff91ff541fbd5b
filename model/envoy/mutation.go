//lint:file-ignore SA1019 Control planes still send the deprecated "append".

package envoy

import (
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/amesh-render/amesh-render/model"
)

// mutations are what one level of the configuration (a weighted cluster, a route, a virtual host, a route configuration)
// does to headers.
type mutations struct {
	remove  []string
	add     []addition
	problem string // why nobody knows what they do, "" if one does
}

type addition struct {
	name      string
	value     format
	action    corev3.HeaderValueOption_HeaderAppendAction
	keepEmpty bool
}

// newMutations prepares the operations at where. Envoy refuses those on pseudo-headers and on Host.
func newMutations(where string, add []*corev3.HeaderValueOption, remove []string) mutations {
	var m mutations
	for _, name := range remove {
		m.check(where, name)
		m.remove = append(m.remove, foldASCII(name))
	}
	for _, option := range add {
		m.check(where, option.GetHeader().GetKey())
		value, problem := newFormat(option.GetHeader().GetValue())
		if problem != "" {
			m.problem = where + ": " + problem
		}
		m.add = append(m.add, addition{
			name: foldASCII(option.GetHeader().GetKey()), value: value, action: appendAction(option),
			keepEmpty: option.GetKeepEmptyValue(),
		})
	}
	return m
}

func (m *mutations) check(where, name string) {
	if strings.HasPrefix(name, ":") || foldASCII(name) == "host" {
		m.problem = where + ": header " + strconv.Quote(name) + " cannot be changed, Envoy refuses to"
	}
}

// appendAction is what to do with a header that is there already. The deprecated append, where it is set, decides.
func appendAction(o *corev3.HeaderValueOption) corev3.HeaderValueOption_HeaderAppendAction {
	switch {
	case o.GetAppend() == nil:
		return o.GetAppendAction()
	case o.GetAppend().GetValue():
		return corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
	}
	return corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
}

// apply removes, then overwrites, then adds. Values and conditions are those after the removals: what one addition does,
// another of the same level does not see. An empty value is left out unless keep_empty_value is set.
func (m *mutations) apply(c *formatContext, headers []model.Header) []model.Header {
	for _, name := range m.remove {
		headers = removed(headers, name)
	}
	c.changed(headers)
	var overwrite, add []model.Header
	for _, a := range m.add {
		h := model.Header{Name: a.name, Value: a.value.text(c)}
		exists := present(headers, a.name)
		switch {
		case h.Value == "" && !a.keepEmpty:
		case a.action == corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD,
			a.action == corev3.HeaderValueOption_ADD_IF_ABSENT && !exists:
			add = append(add, h)
		case a.action == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
			a.action == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS && exists:
			overwrite = append(overwrite, h)
		}
	}
	for _, h := range overwrite {
		headers = set(headers, h.Name, h.Value)
	}
	headers = append(headers[:len(headers):len(headers)], add...)
	c.changed(headers)
	return headers
}

// operations are the mutations of one level.
type operations struct{ request, response mutations }

// configured are the four lists that every level has.
type configured interface {
	GetRequestHeadersToAdd() []*corev3.HeaderValueOption
	GetRequestHeadersToRemove() []string
	GetResponseHeadersToAdd() []*corev3.HeaderValueOption
	GetResponseHeadersToRemove() []string
}

func newOperations(where string, msg configured) operations {
	return operations{
		request:  newMutations(where, msg.GetRequestHeadersToAdd(), msg.GetRequestHeadersToRemove()),
		response: newMutations(where, msg.GetResponseHeadersToAdd(), msg.GetResponseHeadersToRemove()),
	}
}
