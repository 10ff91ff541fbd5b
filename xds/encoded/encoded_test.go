package encoded

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// FuzzConsume: of any bytes, the same fields as protobuf's own functions take off.
func FuzzConsume(f *testing.F) {
	for _, seed := range []string{
		"", "\x08\x01", "\x08\x80\x01", "\x08\xff", "\x0a\x03abc", "\x0a\x03ab", "\x0a\x80\x00", "\x82\x01\x01a", "\x82\x00\x01a", "\x00\x01",
		"\x0d1234", "\x0912345678", "\x0b\x0c", "\x0b\x14", "\x0c", "\x0f\x00", "\xfa\xff\xff\xff\x0f\x00", "\xfa\xff\xff\xff\x1f\x00",
		"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			got, n := Consume(b)
			number, typ, m := protowire.ConsumeTag(b)
			want := Field{Number: number, Type: typ}
			if m >= 0 {
				length := protowire.ConsumeFieldValue(number, typ, b[m:])
				switch {
				case length < 0 || number > protowire.MaxValidNumber:
					m = -1
				case typ == protowire.VarintType:
					want.Varint, _ = protowire.ConsumeVarint(b[m:])
				case typ == protowire.BytesType:
					want.Value, _ = protowire.ConsumeBytes(b[m:])
				}
				if m >= 0 {
					m += length
				}
			}
			if n < 0 || m < 0 {
				if n >= 0 || m >= 0 {
					t.Fatalf("%x: %d bytes, want %d", b, n, m)
				}
				return
			}
			if n != m || !got.Is(want.Number, want.Type) || got.Varint != want.Varint || !bytes.Equal(got.Value, want.Value) {
				t.Fatalf("%x: %v in %d bytes, want %v in %d", b, got, n, want, m)
			}
			b = b[n:]
		}
	})
}

func TestDigest(t *testing.T) {
	digests := map[Digest]string{{}: "no message"}
	for _, message := range []string{"", "a", "b", "aa"} {
		d := Of([]byte(message)).Digest
		if other, ok := digests[d]; ok {
			t.Errorf("%q has the digest of %q", message, other)
		}
		if digests[d] = message; d != Of([]byte(message)).Digest {
			t.Errorf("%q has two digests", message)
		}
	}
}

func TestLast(t *testing.T) {
	for message, want := range map[string]string{
		"": "", "\x0a\x01a": "a", "\x0a\x01a\x12\x01b": "a", "\x0a\x01a\x0a\x01b": "b", "\x0a\x01a\x0a\x05b": "a", "\x08\x01": "",
	} {
		if got := string(Last([]byte(message), 1)); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}
