package apisix

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The checks that several kinds share.

// head checks the fields that every kind has.
func (c *checker) head(name, desc string, labels map[string]string) {
	c.checkID()
	if utf8.RuneCountInString(name) > MaxText {
		c.add("name", "has %d characters, more than %d", utf8.RuneCountInString(name), MaxText)
	}
	if utf8.RuneCountInString(desc) > MaxText {
		c.add("desc", "has %d characters, more than %d", utf8.RuneCountInString(desc), MaxText)
	}
	if len(labels) > 0 {
		c.labels(labels)
	}
}

// checkID checks the object's own id. One that refers to another object needs no such check: the other has it too, or is
// missing.
func (c *checker) checkID() {
	switch {
	case c.id == "":
		c.add("id", "is empty")
	case len(c.id) > MaxID:
		c.add("id", "has %d characters, more than %d", len(c.id), MaxID)
	case strings.IndexFunc(c.id, func(r rune) bool { return r >= utf8.RuneSelf || !isIDByte(byte(r)) }) >= 0:
		c.add("id", "has characters other than letters, digits, '-', '_' and '.'")
	}
}

func (c *checker) labels(labels map[string]string) {
	keys := make([]string, 0, len(labels))
	for key := range labels {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		value, field := labels[key], "labels."+key
		if n := utf8.RuneCountInString(value); n < 1 || n > MaxText {
			c.add(field, "has %d characters, not 1 to %d", n, MaxText)
		}
		if strings.IndexFunc(value, unicode.IsSpace) >= 0 {
			c.add(field, "%q holds white space", value)
		}
	}
}

// timeout checks that all three are there. APISIX refuses 0.
func (c *checker) timeout(t *Timeout) {
	if t == nil {
		return
	}
	c.seconds("timeout.connect", t.Connect)
	c.seconds("timeout.send", t.Send)
	c.seconds("timeout.read", t.Read)
}

func (c *checker) seconds(field string, s float64) {
	if s <= 0 {
		c.add(field, "is %v, not greater than 0", s)
	}
}

// between checks an integer.
func (c *checker) between(field string, n, low, high int) {
	if n < low || n > high {
		c.add(field, "is %d, not %d to %d", n, low, high)
	}
}
