package envoy

import (
	"slices"

	"github.com/amesh-render/amesh-render/model"
)

// The functions on lists of headers return a new list where they change one: requests share them.

// values are the values of the header called name (lower case), in order.
func values(headers []model.Header, name string) []string {
	var out []string
	for _, h := range headers {
		if h.Name == name {
			out = append(out, h.Value)
		}
	}
	return out
}

func present(headers []model.Header, name string) bool {
	return slices.ContainsFunc(headers, func(h model.Header) bool { return h.Name == name })
}

func removed(headers []model.Header, name string) []model.Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h model.Header) bool { return h.Name == name })
}

// set makes one header of all that have the name.
func set(headers []model.Header, name, value string) []model.Header {
	return append(removed(headers, name), model.Header{Name: name, Value: value})
}

// foreign is headers without those that outcomes leave out.
func foreign(headers []model.Header) []model.Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h model.Header) bool { return model.OwnHeader(h.Name) })
}
