package snapshot

// offset is how much of the text is done with.
func (s *scanner) offset() int64 { return s.base + int64(s.at) }

// rest is what has been read and is not done with.
func (s *scanner) rest() []byte { return s.buf[s.at:] }

// fill reads more. It moves what is done with out of the way, so that what rest returned before is invalid.
func (s *scanner) fill() error {
	if s.err != nil {
		return s.err
	}
	rest := s.rest()
	s.base += int64(s.at)
	s.at = 0
	switch {
	case len(rest) == cap(s.buf), len(rest) < chunk && cap(s.buf) > 16*chunk: // too small now, or larger than needed now
		s.buf = append(make([]byte, 0, max(chunk, 2*len(rest))), rest...)
	default:
		s.buf = s.buf[:copy(s.buf, rest)]
	}
	n, err := s.r.Read(s.buf[len(s.buf):min(cap(s.buf), len(s.buf)+chunk)])
	s.buf = s.buf[:len(s.buf)+n]
	if n == 0 {
		return err
	}
	s.err = err
	return nil
}

// chunk is how many bytes are read at once.
const chunk = 64 << 10
