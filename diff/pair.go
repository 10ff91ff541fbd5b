package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// pair is an object of the old side and the one that it corresponds to on the new side; one of them may be nil.
type pair[T any] struct{ old, new *T }

// pairs pairs the objects of two sides: those with one id, then of what is left those with one key, for each key in turn.
// A key that is empty, or that several objects of one side have, pairs nothing. The order is that of the ids, on the new
// side where it has the object.
func pairs[T any](old, new []*T, id func(*T) string, keys ...func(*T) string) []pair[T] {
	var out []pair[T]
	for _, key := range append([]func(*T) string{id}, keys...) {
		old, new, out = match(old, new, out, key)
	}
	for _, x := range old {
		out = append(out, pair[T]{old: x})
	}
	for _, x := range new {
		out = append(out, pair[T]{new: x})
	}
	slices.SortStableFunc(out, func(a, b pair[T]) int { return cmp.Compare(id(a.either()), id(b.either())) })
	return out
}

func (p pair[T]) either() *T { return cmp.Or(p.new, p.old) }

// match moves the objects that one key pairs from old and new to out.
func match[T any](old, new []*T, out []pair[T], key func(*T) string) (oldRest, newRest []*T, all []pair[T]) {
	candidates, twice := map[string]*T{}, map[string]bool{}
	for _, x := range new {
		k := key(x)
		twice[k] = k == "" || candidates[k] != nil
		candidates[k] = x
	}
	seen := map[string]int{}
	for _, x := range old {
		seen[key(x)]++
	}
	paired := map[*T]bool{}
	for _, x := range old {
		k := key(x)
		if partner := candidates[k]; partner != nil && !twice[k] && seen[k] == 1 {
			out = append(out, pair[T]{x, partner})
			paired[partner] = true
		} else {
			oldRest = append(oldRest, x)
		}
	}
	return oldRest, slices.DeleteFunc(slices.Clone(new), func(x *T) bool { return paired[x] }), out
}

func routeID(r *apisix.Route) string       { return r.ID }
func upstreamID(u *apisix.Upstream) string { return u.ID }

// upstreamName is the cluster's name.
func upstreamName(u *apisix.Upstream) string { return u.Name }

// matchKey is what a route matches, as a text.
func matchKey(r *apisix.Route) string {
	hosts, methods := slices.Sorted(slices.Values(r.Hosts)), slices.Sorted(slices.Values(r.Methods))
	return string(apisix.AppendObject(nil, &apisix.Route{
		Hosts: hosts, URI: r.URI, URIs: r.URIs, Methods: methods, Vars: r.Vars,
	}, apisix.Lines))
}

// nameKey is the name of a route with its hosts: a route that keeps both has changed what else it matches.
func nameKey(r *apisix.Route) string {
	if r.Name == "" {
		return ""
	}
	return r.Name + "\x00" + strings.Join(slices.Sorted(slices.Values(r.Hosts)), "\x00")
}
