// Package intercept says which of the proxy's two listeners of a direction gets a connection: the one that speaks HTTP
// or the one that passes TCP on. nginx cannot find out from the first bytes, as Envoy does; so it is decided beforehand,
// by the destination, in lists of ports. The rules that intercept connections and the configuration that serves them are
// made from the same Table.
package intercept

import (
	"net/netip"
)

// A Protocol is what a listener of the proxy's speaks.
type Protocol uint8

const (
	// HTTP is requests, each of which is routed.
	HTTP Protocol = iota
	// TCP is connections that are routed as a whole, TLS among them.
	TCP
)

func (p Protocol) String() string {
	if p == TCP {
		return "TCP"
	}
	return "HTTP"
}

// DefaultTCP is the ports that are TCP when no list mentions them. Well-known protocols where the server speaks first,
// or that an HTTP server would refuse; and ports of TLS, which only passes through. Text as Parse takes it.
const DefaultTCP = "" +
	"443,6443,8443," + // HTTPS, Kubernetes
	"15012," + // istiod, with TLS
	"21-23," + // FTP, SSH, Telnet
	"25,465,587," + // SMTP
	"110,995,143,993," + // POP3, IMAP
	"53,853," + // DNS, also over TLS
	"88,389,636," + // Kerberos, LDAP
	"111,139,445,2049," + // RPC, SMB, NFS
	"873," + // rsync
	"1433,1521,3306,33060,5432,26257," + // SQL Server, Oracle, MySQL, PostgreSQL, CockroachDB
	"6379,6380,16379,26379,11211," + // Redis, its cluster bus and Sentinel, memcached
	"27017-27019,9042,9142,7687," + // MongoDB, Cassandra, Neo4j
	"2181,2379-2380," + // ZooKeeper, etcd
	"9092-9094,6650-6651,4222,5671-5672,61613,61616,1414," + // Kafka, Pulsar, NATS, AMQP, ActiveMQ, IBM MQ
	"1883,8883,5222," + // MQTT, XMPP
	"3389,5900" // RDP, VNC

var defaultTCP = mustParse(DefaultTCP)

// mustParse is for constants of this package.
func mustParse(text string) List {
	l, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return l
}

// A Table holds the lists of both directions. Its zero value knows only DefaultTCP.
type Table struct {
	// Outbound is by where connections of the pod go to.
	Outbound Ports
	// Inbound is by the pod's address and port that they come to.
	Inbound Ports
}

// Over is the table where what t lists counts, whatever base lists about it, and for the rest base.
func (t Table) Over(base Table) Table {
	return Table{Outbound: t.Outbound.Over(base.Outbound), Inbound: t.Inbound.Over(base.Inbound)}
}

// Ports are the destinations of one direction, by protocol.
type Ports struct {
	HTTP, TCP List
}

// ParsePorts reads the two lists of one direction, as Parse does, and checks them against each other.
func ParsePorts(http, tcp string) (p Ports, err error) {
	if p.HTTP, err = Parse(http); err != nil {
		return Ports{}, err
	}
	if p.TCP, err = Parse(tcp); err != nil {
		return Ports{}, err
	}
	return p, p.Check()
}

// Check reports entries of the two lists that contradict each other: neither is narrower than the other.
func (p Ports) Check() error {
	for _, h := range p.HTTP {
		for _, t := range p.TCP {
			if h.contradicts(t) {
				return contradiction{h, t}
			}
		}
	}
	return nil
}

// Protocol is what connections to a destination are taken for: what the narrowest entry says that the destination is in.
// An entry with an address is narrower than one without, a longer prefix than a shorter, a port than a range, a range
// than "*". Destinations in no list are HTTP, except those in DefaultTCP.
func (p Ports) Protocol(dst netip.AddrPort) Protocol {
	h, isHTTP := p.HTTP.narrowest(dst)
	t, isTCP := p.TCP.narrowest(dst)
	switch {
	case isHTTP && isTCP:
		if t.compareWidth(h) < 0 {
			return TCP
		}
		return HTTP
	case isTCP:
		return TCP
	case isHTTP:
		return HTTP
	}
	if _, known := defaultTCP.narrowest(dst); known {
		return TCP
	}
	return HTTP
}

// Over is the ports where what p lists counts, whatever base lists about it, and for the rest base.
func (p Ports) Over(base Ports) Ports {
	return Ports{
		HTTP: join(p.HTTP, base.HTTP.without(p)),
		TCP:  join(p.TCP, base.TCP.without(p)),
	}
}
