package snapshot

import "io"

// skipScalar is the end of the string, number or literal at i.
func (s *scanner) skipScalar(i int) (int, error) {
	switch s.rest()[i] {
	case '"':
		return s.skipString(i)
	case 't':
		return s.skipWord(i, "true")
	case 'f':
		return s.skipWord(i, "false")
	case 'n':
		return s.skipWord(i, "null")
	}
	return s.skipNumber(i)
}

// skipWord is the end of the word at i.
func (s *scanner) skipWord(i int, word string) (int, error) {
	for _, want := range []byte(word) {
		if c, err := s.get(i); err != nil {
			return 0, err
		} else if c != want {
			return 0, errBad
		}
		i++
	}
	return i, nil
}

// skipString is the end of the string at i.
func (s *scanner) skipString(i int) (int, error) {
	for i++; ; {
		b := s.rest()
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			i++
		}
		c, err := s.get(i)
		switch {
		case err != nil:
			return 0, err
		case c == '"':
			return i + 1, nil
		case c == '\\':
			if i, err = s.skipEscape(i); err != nil {
				return 0, err
			}
		case c < ' ':
			return 0, errBad
		}
	}
}

// skipEscape is the end of the escape sequence at i.
func (s *scanner) skipEscape(i int) (int, error) {
	c, err := s.get(i + 1)
	switch {
	case err != nil:
		return 0, err
	case c == 'u':
		for k := i + 2; k < i+6; k++ {
			if c, err := s.get(k); err != nil {
				return 0, err
			} else if !isHex(c) {
				return 0, errBad
			}
		}
		return i + 6, nil
	case c == '"', c == '\\', c == '/', c == 'b', c == 'f', c == 'n', c == 'r', c == 't':
		return i + 2, nil
	}
	return 0, errBad
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// skipNumber is the end of the number at i.
func (s *scanner) skipNumber(i int) (int, error) {
	end := i
	c, err := s.get(end)
	for err == nil && (isDigit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E') {
		end++
		c, err = s.get(end)
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	n, ok := number(s.rest()[i:end])
	switch {
	case ok:
		return i + n, nil
	case i+n == end && err != nil:
		return 0, err
	}
	return 0, errBad
}

// number is the end of the number that b begins with, or where it stops to be one.
func number(b []byte) (end int, ok bool) {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, ok = digits(b, i); !ok {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digits(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i, ok = digits(b, i); !ok {
			return i, false
		}
	}
	return i, true
}

// digits is the end of the digits at i, of which there must be one.
func digits(b []byte, i int) (end int, ok bool) {
	for end = i; end < len(b) && isDigit(b[end]); end++ {
	}
	return end, end > i
}
