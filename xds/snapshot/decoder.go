package snapshot

import "sync/atomic"

// A Decoder decodes as Decode does, and says how far it is meanwhile. The zero value is ready for use.
type Decoder struct {
	resources atomic.Int64
}

// Decode is the function Decode.
func (d *Decoder) Decode(sources ...Source) (*Snapshot, error) {
	s := session{builder: NewBuilder(), observed: map[string]bool{}, decoded: &d.resources}
	for _, source := range sources {
		if err := s.read(source); err != nil {
			return nil, err
		}
	}
	s.dropObserved()
	return s.builder.Snapshot(), nil
}

// Resources is how many resources have been decoded, all versions of each counted. It may be called at any time, by any
// goroutine.
func (d *Decoder) Resources() int64 { return d.resources.Load() }
