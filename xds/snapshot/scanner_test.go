package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// The scanner reads what json.Decoder reads, at the same offsets, and complains in the same words about the same bytes:
// whole dumps, dumps that end anywhere, and dumps with bytes that are others, missing or in excess.
func TestScannerReadsAsJSONDecoder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	texts := []string{
		"", " ", "1", "-", "01", "1.", `"a`, "[01]", "[1.]", "[1e+]", "[-]", "[1.5E-3]", "[tru]", "[truex]", "nul", "[null,]", "[,1]",
		"[1 2]", `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1,}`, `{,}`, `{1:2}`, `[}`, `{]`, "]", ",", `{"a":}`, "[\"\x01\"]", "[\"\xff\"]",
		`{"\u00e9\ud83d\ude00":"\"\\\/\b\f\n\r\t"}`, `["\u12`, `["\u12g4"]`, `["\x"]`, `["'`, "[']", `[1]{"a":[]}null "x" [`,
		strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting), strings.Repeat(`[`, maxNesting+2),
		`{"a":` + strings.Repeat(" ", 200_000) + `"` + strings.Repeat(`x`, 200_000) + `"}`,
	}
	for _, c := range captures(t)[:2] {
		dump := readFile(t, c.dump)
		texts = append(texts, dump)
		part := dump[:20_000]
		for range 300 {
			texts = append(texts, part[:random.IntN(len(part))], mutated(random, part))
		}
	}
	for i, text := range texts {
		for _, wholes := range []int{0, 2, 9} { // of ten values that can be read whole
			if err := compareScanner(text, rand.New(rand.NewPCG(uint64(i), 0)), wholes); err != nil {
				t.Fatalf("text %d, %.100q: %v", i, text, err)
			}
		}
	}
}

// mutated is the text with a few bytes that are others, missing or in excess.
func mutated(random *rand.Rand, text string) string {
	const bytesOfJSON = "{}[]:,\"\\ \n\t-+.eE0123456789truefalsn/u\x00\x1f\x7f\xff"
	b := []byte(text)
	for range 1 + random.IntN(3) {
		i, c := random.IntN(len(b)), bytesOfJSON[random.IntN(len(bytesOfJSON))]
		switch random.IntN(3) {
		case 0:
			b[i] = c
		case 1:
			b = append(b[:i], b[i+1:]...)
		case 2:
			b = append(b[:i], append([]byte{c}, b[i:]...)...)
		}
	}
	return string(b)
}

// compareScanner reads the text in both ways, as far as it goes, and says where they differ.
func compareScanner(text string, random *rand.Rand, wholes int) error {
	var in io.Reader = strings.NewReader(text)
	if len(text) < 2000 {
		in = iotest.OneByteReader(in)
	}
	got, want := &scanner{r: iotest.DataErrReader(in)}, json.NewDecoder(strings.NewReader(text))
	want.UseNumber()
	var open []json.Token
	key := false // whether the next token is a key, if there is one
	for {
		more := want.More()
		if got.more() != more {
			return fmt.Errorf("more at %d: got %v", want.InputOffset(), !more)
		}
		if len(open) > 0 && more && !key && random.IntN(10) < wholes {
			var raw json.RawMessage
			wantErr := want.Decode(&raw)
			value, err := got.value()
			if done, err := sameEnd(got, err, wantErr, mistake(want, wantErr)); done || err != nil {
				return err
			}
			if !bytes.Equal(value, raw) {
				return fmt.Errorf("value before %d: got %q, want %q", want.InputOffset(), value, raw)
			}
			key = open[len(open)-1] == json.Delim('{')
			continue
		}
		wantToken, wantErr := want.Token()
		token, err := got.token()
		if done, err := sameEnd(got, err, wantErr, want.InputOffset()); done || err != nil {
			return err
		}
		if token != wantToken || got.offset() != want.InputOffset() {
			return fmt.Errorf("token before %d: got %v before %d, want %v", want.InputOffset(), token, got.offset(), wantToken)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open = append(open, token)
			key = token == json.Delim('{')
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			key = false
		}
		key = !key && len(open) > 0 && open[len(open)-1] == json.Delim('{')
	}
}

// sameEnd reports whether both have ended, or how their ends differ.
func sameEnd(s *scanner, got, want error, at int64) (bool, error) {
	var syntax *json.SyntaxError
	var complaint *jsonError
	switch {
	case got == nil && want == nil:
		return false, nil
	case errors.As(want, &syntax) && strings.HasPrefix(want.Error(), "expected "):
		// json.Decoder says no more than this of what is between two values, and not where.
		if errors.As(got, &complaint) && strings.Contains(got.Error(), " after ") {
			return true, nil
		}
	case errors.As(want, &syntax):
		if errors.As(got, &complaint) && got.Error() == want.Error() && complaint.at == at {
			return true, nil
		}
	case got != nil && want != nil && !errors.As(got, &complaint):
		return true, nil // the end of the text
	}
	return true, fmt.Errorf("at %d: got %v (%+v), want %v at %d", s.offset(), got, complaint, want, at)
}

// mistake is the offset of the syntax error because of which the next value could not be read. json.Decoder counts its own
// offsets from elsewhere, but its buffer still begins at that value.
func mistake(d *json.Decoder, err error) int64 {
	if err == nil {
		return 0
	}
	rest, _ := io.ReadAll(d.Buffered())
	at := d.InputOffset()
	var syntax *json.SyntaxError
	if err := json.Unmarshal(rest, new(json.RawMessage)); errors.As(err, &syntax) {
		at += max(syntax.Offset-1, 0)
	}
	return at
}
