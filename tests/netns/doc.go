// Package netns holds the tests of interception in network namespaces that they make themselves: pods with real rules, and
// a listener in the place of APISIX that says where each connection was going to. They need root, ip and iptables, and are
// skipped elsewhere.
package netns
