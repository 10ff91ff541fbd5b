package istiod

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// file is what APISIX reads: a configuration that is complete.
type file struct {
	text      string
	Routes    []route    `json:"routes"`
	Upstreams []upstream `json:"upstreams"`
}

type route struct {
	ID         string   `json:"id"`
	Hosts      []string `json:"hosts"`
	Vars       [][]any  `json:"vars"`
	UpstreamID string   `json:"upstream_id"`
	Plugins    struct {
		TrafficSplit struct {
			Rules []struct {
				WeightedUpstreams []struct {
					UpstreamID string `json:"upstream_id"`
				} `json:"weighted_upstreams"`
			} `json:"rules"`
		} `json:"traffic-split"`
	} `json:"plugins"`
}

type upstream struct {
	ID    string `json:"id"`
	Name  string `json:"name"` // of the Envoy cluster
	Nodes []struct {
		Host   string `json:"host"`
		Port   int    `json:"port"`
		Weight int    `json:"weight"`
	} `json:"nodes"`
}

// parse reads a file. The error says why APISIX would not take all of it.
func parse(text string) (*file, error) {
	f := &file{text: text}
	if err := yaml.UnmarshalStrict([]byte(text), new(map[string]any)); err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal([]byte(text), f); err != nil {
		return nil, err
	}
	switch {
	case !strings.HasSuffix(text, "\n#END\n"):
		return nil, errors.New("the last line is not #END")
	case len(f.Routes) == 0:
		return nil, errors.New("there is no route")
	}
	return f, f.checkReferences()
}

var validID = regexp.MustCompile(`\A[a-zA-Z0-9-_.]{1,64}\z`)

func (f *file) checkReferences() error {
	seen := map[string]bool{}
	once := func(kind, id string) error {
		if !validID.MatchString(id) || seen[kind+id] {
			return fmt.Errorf("%s %q: the id is taken, or not one", kind, id)
		}
		seen[kind+id] = true
		return nil
	}
	for _, u := range f.Upstreams {
		if err := once("upstream", u.ID); err != nil {
			return err
		}
	}
	for _, r := range f.Routes {
		if err := once("route", r.ID); err != nil {
			return err
		}
		for _, id := range r.upstreamIDs() {
			if !seen["upstream"+id] {
				return fmt.Errorf("route %q: there is no upstream %q", r.ID, id)
			}
		}
	}
	return nil
}

// checkSuccession finds what breaks for a moment when APISIX goes from one file to the next, whose routes and upstreams it
// takes over apart: routes of either that name an upstream that the other lacks.
func checkSuccession(before, after *file) error {
	for _, pair := range [][2]*file{{before, after}, {after, before}} {
		mixed := file{Routes: pair[0].Routes, Upstreams: pair[1].Upstreams}
		if err := mixed.checkReferences(); err != nil {
			return err
		}
	}
	return nil
}

func (r *route) upstreamIDs() (ids []string) {
	if r.UpstreamID != "" {
		ids = append(ids, r.UpstreamID)
	}
	for _, rule := range r.Plugins.TrafficSplit.Rules {
		for _, w := range rule.WeightedUpstreams {
			if w.UpstreamID != "" {
				ids = append(ids, w.UpstreamID)
			}
		}
	}
	return ids
}

// has reports whether the route has exactly this condition.
func (r *route) has(condition ...any) bool {
	return slices.ContainsFunc(r.Vars, func(v []any) bool { return slices.Equal(v, condition) })
}

// Ports on which the sidecar gets the pod's connections, and what says that the client dialled port 9080.
const outbound, inbound = "15001", "15006"

var dialled9080 = []any{"connection_original_dst", "~~", `:9080\z`}

// clusters are the names of the clusters that requests to port 9080 may go to in a direction; with a host, those of its
// routes, else those of the routes for any host.
func (f *file) clusters(direction, host string) (names []string) {
	for _, r := range f.Routes {
		if !r.has("server_port", "==", direction) || !r.has(dialled9080...) {
			continue
		}
		if host == "" && len(r.Hosts) > 0 || host != "" && !slices.Contains(r.Hosts, host) {
			continue
		}
		for _, u := range f.Upstreams {
			if slices.Contains(r.upstreamIDs(), u.ID) {
				names = append(names, u.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nodes are the addresses that take requests to a cluster, sorted; nil if there is no such cluster.
func (f *file) nodes(cluster string) (addresses []string) {
	for _, u := range f.Upstreams {
		if u.Name != cluster {
			continue
		}
		for _, n := range u.Nodes {
			if n.Weight > 0 {
				addresses = append(addresses, fmt.Sprintf("%s:%d", n.Host, n.Port))
			}
		}
	}
	slices.Sort(addresses)
	return addresses
}

// serviceCluster is Istio's name of the cluster of a service of bookinfo, or of a subset of it.
func serviceCluster(service, subset string) string {
	return fmt.Sprintf("outbound|9080|%s|%s.default.svc.cluster.local", subset, service)
}
