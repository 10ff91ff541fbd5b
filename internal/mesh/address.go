package mesh

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
)

// addresses are those that are in use.
type addresses map[netip.Addr]bool

var (
	podAddresses     = netip.MustParsePrefix("10.244.0.0/15")
	serviceAddresses = netip.MustParsePrefix("10.96.0.0/15")
)

// pick finds a free address in the network for a name: where the hash of the name says, or after it.
func (a addresses) pick(network netip.Prefix, name string) string {
	hash := fnv.New32a()
	hash.Write([]byte(name))
	base := network.Addr().As4()
	size := uint32(1) << (32 - network.Bits())
	for n := hash.Sum32(); ; n++ {
		var raw [4]byte
		binary.BigEndian.PutUint32(raw[:], binary.BigEndian.Uint32(base[:])+n%(size-2)+1)
		if addr := netip.AddrFrom4(raw); !a[addr] {
			a[addr] = true
			return addr.String()
		}
	}
}
