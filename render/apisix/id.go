package apisix

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// hashLen is the length of an id's hash in base32 characters, that is 50 bits: among 10,000 objects of one kind two share
// an id with a probability of 4 in 10^8, among 100,000 with 4 in 10^6, and [Config.Validate] would notice.
const hashLen = 10

var base32Lower = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// ID returns an id that a person can recognise and that depends on its arguments only: readable, reduced to the
// characters of an id and cut to fit, then "-" and a hash of identity. Objects of one kind differ in id when they differ in
// identity, whatever is readable. The id matches ^[a-zA-Z0-9-_.]+$ and has at most MaxID characters.
func ID(readable, identity string) string {
	sum := sha256.Sum256([]byte(identity))
	hash := base32Lower.EncodeToString(sum[:])[:hashLen]
	name := readableID(readable, MaxID-hashLen-1)
	if name == "" {
		return hash
	}
	return name + "-" + hash
}

// readableID returns what of s an id may hold, at most n bytes, with a single "-" for each run of other characters.
func readableID(s string, n int) string {
	var b strings.Builder
	b.Grow(min(len(s), n))
	for i := 0; i < len(s) && b.Len() < n; i++ {
		switch {
		case isIDByte(s[i]) && s[i] != '-':
			b.WriteByte(s[i])
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-.")
}

func isIDByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}
