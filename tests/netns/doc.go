// Package netns holds the tests of interception in network namespaces that they make themselves: pods with real rules, and
// a listener in the place of APISIX that says where each connection was going to. They need root, ip and iptables, and are
// skipped elsewhere. They are left out with the race detector: they are some hundred short processes of one goroutine each,
// which it makes five times slower.
package netns
