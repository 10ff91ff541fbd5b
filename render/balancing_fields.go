package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	csrrv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3"
	providedv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/cluster_provided/v3"
	lbv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/common/v3"
	leastv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	maglevv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/maglev/v3"
	randomv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/random/v3"
	ringv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/ring_hash/v3"
	roundv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/round_robin/v3"
)

// What becomes of the settings of balancers, which stand in several messages.
var (
	noSlowStart = near("new endpoints get their full share at once (no slow start)")
	allZones    = near("endpoints of all zones get their share")
	fullScan    = harmless("Envoy compares a few endpoints that it draws, APISIX all of them")
	sameBias    = near("APISIX weighs requests in flight against weights in its own way")
	ownRing     = harmless("the size of the table; APISIX has its own")
)

var roundRobinFields = tableOf(&roundv3.RoundRobin{}, fields{
	"slow_start_config":  noSlowStart,
	"locality_lb_config": composed,
})

var leastRequestFields = tableOf(&leastv3.LeastRequest{}, fields{
	"choice_count":        fullScan,
	"enable_full_scan":    fullScan,
	"selection_method":    fullScan,
	"active_request_bias": sameBias,
	"slow_start_config":   noSlowStart,
	"locality_lb_config":  composed,
})

var randomFields = tableOf(&randomv3.Random{}, fields{
	"locality_lb_config": composed,
})

var ringHashFields = tableOf(&ringv3.RingHash{}, fields{
	"hash_function":                ownRing,
	"minimum_ring_size":            ownRing,
	"maximum_ring_size":            ownRing,
	"use_hostname_for_hashing":     harmless("each proxy's ring is its own"),
	"hash_balance_factor":          near("an endpoint that many clients hash to is not relieved"),
	"consistent_hashing_lb_config": composed,
	"locality_weighted_lb_config":  rendered,
})

var maglevFields = tableOf(&maglevv3.Maglev{}, fields{
	"table_size":                   ownRing,
	"consistent_hashing_lb_config": composed,
	"locality_weighted_lb_config":  rendered,
})

var consistentFields = tableOf(&lbv3.ConsistentHashingLbConfig{}, fields{
	"use_hostname_for_hashing": harmless("each proxy's ring is its own"),
	"hash_balance_factor":      near("an endpoint that many clients hash to is not relieved"),
	"hash_policy":              lost("only the hash policies of routes are rendered"),
})

var clientSideFields = tableOf(&csrrv3.ClientSideWeightedRoundRobin{}, fields{
	"enable_oob_load_report":                 harmless("concerns reports of load, which are not read"),
	"oob_reporting_period":                   harmless("concerns reports of load, which are not read"),
	"oob_reporting_config":                   harmless("concerns reports of load, which are not read"),
	"blackout_period":                        harmless("concerns reports of load, which are not read"),
	"weight_expiration_period":               harmless("concerns reports of load, which are not read"),
	"weight_update_period":                   harmless("concerns reports of load, which are not read"),
	"error_utilization_penalty":              harmless("concerns reports of load, which are not read"),
	"metric_names_for_computing_utilization": harmless("concerns reports of load, which are not read"),
	"slow_start_config":                      noSlowStart,
})

var providedFields = tableOf(&providedv3.ClusterProvided{}, fields{})

var localityLbFields = tableOf(&lbv3.LocalityLbConfig{}, fields{
	"zone_aware_lb_config":        allZones,
	"locality_weighted_lb_config": rendered,
})

var roundRobinLbFields = tableOf(&clusterv3.Cluster_RoundRobinLbConfig{}, fields{
	"slow_start_config": noSlowStart,
})

var leastRequestLbFields = tableOf(&clusterv3.Cluster_LeastRequestLbConfig{}, fields{
	"choice_count":        fullScan,
	"active_request_bias": sameBias,
	"slow_start_config":   noSlowStart,
})
