package snapshot

import (
	"slices"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// stored is an encoded message as it is held: as it came, or compressed. It does not change, but another may take its place.
type stored struct {
	encoded.Message // whose Bytes may be compressed; the digest is that of the message
	form            form
	dict            *s2.Dict // of byDictionary
}

type form uint8

const (
	asItCame       form = iota
	packedAsItCame      // it does not get smaller
	byItself            // compressed, like those below
	byDictionary
)

// unpack returns the encoded message, which may be in the space and may be what is held: it must not be modified.
func (m *stored) unpack(space []byte) []byte {
	var wire []byte
	var err error
	switch m.form {
	case byItself:
		wire, err = s2.Decode(room(space, m), m.Bytes)
	case byDictionary:
		wire, err = m.dict.Decode(room(space, m), m.Bytes)
	default:
		return m.Bytes
	}
	if err != nil {
		panic("compressed by this process, and broken: " + err.Error())
	}
	return wire
}

func room(space []byte, m *stored) []byte { return slices.Grow(space[:0], m.Digest.Size()) }

func (m *stored) compressed() bool { return m.form >= byItself }

// own makes a handle that nobody has yet keep bytes of its own.
func (r *Resource[T]) own() {
	m := r.wire.Load()
	m.Bytes = slices.Clone(m.Bytes)
}

// keep is own. It compresses endpoints, which of one cluster say the same but for their addresses: it takes hardly longer than
// copying them.
func (c *collection[T]) keep(r *Resource[T]) {
	if _, ok := any(r.message).(*endpointv3.ClusterLoadAssignment); ok {
		m := r.wire.Load()
		c.space = s2.Encode(c.space[:cap(c.space)], m.Bytes)
		if worthwhile(c.space, m.Bytes) {
			m.Bytes, m.form = c.space, byItself
		}
	}
	r.own()
}

func worthwhile(compressed, wire []byte) bool { return len(compressed) < len(wire)*3/4 }

// A Packer compresses the clusters and virtual hosts of snapshots that are held encoded. What a control plane says of one it
// says of the next with other names: with some of them as the dictionary, a tenth of the bytes is left. It takes about as long
// as to decode them, so it is best done when nothing else is to be done. The zero value is ready for use, by one goroutine at a
// time.
type Packer struct {
	last     *Snapshot
	clusters packer
	hosts    packer
}

// Pack compresses what has come with this snapshot, and returns how many bytes that has freed. The snapshot may be read
// meanwhile, by anybody.
func (p *Packer) Pack(s *Snapshot) (freed int) {
	if s == p.last {
		return 0
	}
	freed = packAll(&p.clusters, s.clusters.resources)
	for _, r := range s.routes.resources {
		if r.parts != nil {
			freed += packAll(&p.hosts, r.parts.hosts)
		}
	}
	p.last = s
	return freed
}

func packAll[T proto.Message](p *packer, resources []*Resource[T]) (freed int) {
	for _, r := range resources {
		if m := r.wire.Load(); m != nil && m.form == asItCame {
			small := p.pack(m)
			r.wire.Store(small)
			freed += len(m.Bytes) - len(small.Bytes)
		}
	}
	return freed
}

// A packer packs messages of one kind.
type packer struct {
	dict    *s2.Dict
	seen    int      // how many messages have been packed
	next    int      // after how many there is to be another dictionary
	samples [][]byte // for it, in the form in which they came
	space   []byte
}

const (
	// firstDictionary is how many messages are left as they are before it is worth while to have a dictionary. The next one is
	// made after eight times as many, and so on: it knows what has changed since, and there are never many of them.
	firstDictionary = 64
	dictionaryRenew = 8

	// A dictionary is made of so many messages, or the beginnings of them if they are long. Positions in it are numbers of 16
	// bits.
	samplesOfDictionary = 4
	maxSample           = s2.MaxDictSize / (samplesOfDictionary + 1)

	// minPacked is the length of the shortest message that is compressed.
	minPacked = 64
)

// pack returns the message in as few bytes as it takes.
func (p *packer) pack(m *stored) *stored {
	small := &stored{m.Message, packedAsItCame, nil}
	p.learn(m.Bytes)
	if p.dict == nil || len(m.Bytes) < minPacked {
		return small
	}
	p.space = p.dict.Encode(p.space[:cap(p.space)], m.Bytes)
	if worthwhile(p.space, m.Bytes) {
		small.Bytes, small.form, small.dict = slices.Clone(p.space), byDictionary, p.dict
	}
	return small
}

// learn takes samples, at equal distances, and makes a dictionary when it is time.
func (p *packer) learn(wire []byte) {
	p.next = max(p.next, firstDictionary)
	if p.seen++; p.seen%(p.next/samplesOfDictionary) == 0 {
		p.samples = append(p.samples, slices.Clone(wire[:min(len(wire), maxSample)]))
	}
	if p.seen < p.next {
		return
	}
	if dict := s2.MakeDict(slices.Concat(p.samples...), nil); dict != nil {
		p.dict = dict
	}
	p.samples, p.next = nil, p.next*dictionaryRenew
}
