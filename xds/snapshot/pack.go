package snapshot

import (
	"slices"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// stored is an encoded message as it is held: as it came, or compressed. It does not change, but another may take its place.
type stored struct {
	encoded.Message          // whose Bytes may be compressed; the digest is that of the message
	by              *s2.Dict // nil if they are not
	packed          bool     // it is as small as it gets
}

// unpack returns the encoded message, which may be in the space and may be what is held: it must not be modified.
func (m *stored) unpack(space []byte) []byte {
	if m.by == nil {
		return m.Bytes
	}
	wire, err := m.by.Decode(slices.Grow(space[:0], m.Digest.Size()), m.Bytes)
	if err != nil {
		panic("compressed by this process, and broken: " + err.Error())
	}
	return wire
}

// own makes a handle that nobody has yet keep bytes of its own.
func (r *Resource[T]) own() {
	m := r.wire.Load()
	m.Bytes = slices.Clone(m.Bytes)
}

// A Packer compresses the resources of snapshots that are held encoded. What a control plane says of one cluster it says of
// the next with other names: with some of them as the dictionary, a tenth of the bytes is left. It takes longer than to decode
// them, so it is best done when nothing else is to be done. The zero value is ready for use, by one goroutine at a time.
type Packer struct {
	last      *Snapshot
	clusters  packer
	endpoints packer
	hosts     packer
}

// Pack compresses what has come with this snapshot. It may be read meanwhile, by anybody.
func (p *Packer) Pack(s *Snapshot) {
	if s == p.last {
		return
	}
	packAll(&p.clusters, s.clusters.resources)
	packAll(&p.endpoints, s.endpoints.resources)
	for _, r := range s.routes.resources {
		if r.parts != nil {
			packAll(&p.hosts, r.parts.hosts)
		}
	}
	p.last = s
}

func packAll[T proto.Message](p *packer, resources []*Resource[T]) {
	for _, r := range resources {
		if m := r.wire.Load(); m != nil && !m.packed {
			r.wire.Store(p.pack(m))
		}
	}
}

// A packer packs messages of one kind.
type packer struct {
	dict    *s2.Dict
	seen    int      // how many messages have been packed
	next    int      // after how many there is to be another dictionary
	samples [][]byte // for it, in the form in which they came
	scratch []byte
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
	p.learn(m.Bytes)
	small := *m
	small.packed = true
	if p.dict != nil && len(m.Bytes) >= minPacked {
		p.scratch = p.dict.Encode(p.scratch[:cap(p.scratch)], m.Bytes)
		if len(p.scratch) < len(m.Bytes)*3/4 {
			small.Bytes, small.by = slices.Clone(p.scratch), p.dict
		}
	}
	return &small
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
