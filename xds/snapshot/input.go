package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// expected ends every error about input that is none of the things that Decode reads.
const expected = "expected an Envoy config_dump, istioctl proxy-config output, discovery responses or Envoy resources, " +
	"as JSON or YAML"

// input is the text of a source, decompressed, and what kind of text it is.
type input struct {
	name string
	text *bufio.Reader
	yaml bool
}

// sniffed is how much of an input is looked at to tell what it is.
const sniffed = 4096

// open looks at the first bytes of a source. It fails at once on what cannot be decoded, however long the rest.
func open(s Source) (*input, error) {
	in := &input{name: cmp.Or(s.Name, "input")}
	unpacked, err := Unpack(in.name, s.Reader)
	if err != nil {
		return nil, err
	}
	in.text = bufio.NewReaderSize(unpacked, 1<<16)
	head, err := in.text.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, in.readError(err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) { // byte order mark
		head = head[3:]
		_, _ = in.text.Discard(3)
	}
	return in, in.recognise(head)
}

// Unpack returns what is in r, unpacked if it is packed with gzip, as Decode reads it. Errors about packed data begin with
// the name and say which byte of it is at fault; to unpack more than MaxUnpacked bytes is ErrUnpacked.
func Unpack(name string, r io.Reader) (io.Reader, error) {
	raw := &counter{r: r}
	text := bufio.NewReaderSize(raw, 1<<16)
	if magic, _ := text.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return text, nil
	}
	z, err := gzip.NewReader(text)
	if err != nil {
		return nil, &gzipError{name, raw.n, err}
	}
	return &gunzip{z: z, source: name, raw: raw, left: MaxUnpacked}, nil
}

func (in *input) recognise(head []byte) error {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return fmt.Errorf("%s: byte 0: found UTF-16 text; %s, in UTF-8", in.name, expected)
	}
	if i := binaryAt(head); i >= 0 {
		return fmt.Errorf("%s: byte %d: found binary data (% x); %s", in.name, i, head[i:min(i+4, len(head))], expected)
	}
	first := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(head) == 0:
		return fmt.Errorf("%s: the input is empty; %s", in.name, expected)
	case len(first) == 0:
		return fmt.Errorf("%s: found nothing but white space; %s", in.name, expected)
	case first[0] == '<':
		return fmt.Errorf("%s:1:1: found HTML or XML (%q); %s", in.name, first[:min(20, len(first))], expected)
	}
	in.yaml = first[0] != '{' && first[0] != '['
	return nil
}

// binaryAt is where head stops being text in UTF-8, or -1.
func binaryAt(head []byte) int {
	for i := 0; i < len(head); {
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 && utf8.FullRune(head[i:]) {
			return i
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return i
		}
		i += n
	}
	return -1
}

func (in *input) readError(err error) error {
	if z := (*gzipError)(nil); errors.As(err, &z) {
		return err
	}
	return fmt.Errorf("%s: read: %w", in.name, err)
}

// MaxUnpacked is how many bytes a packed input may have when it is unpacked: more than any dump, and less than it takes to
// exhaust a machine.
const MaxUnpacked = 512 << 20

// ErrUnpacked is the error of a packed input that has more.
var ErrUnpacked = fmt.Errorf("unpacked, it has more than %d MiB", MaxUnpacked>>20)

// gzipError is damage in the compressed data, as opposed to its content.
type gzipError struct {
	source string
	at     int64 // how much of the compressed data had been read
	err    error
}

func (e *gzipError) Error() string {
	if errors.Is(e.err, ErrUnpacked) {
		return fmt.Sprintf("%s: %v", e.source, e.err)
	}
	if e.err == io.EOF || errors.Is(e.err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("%s: byte %d: the gzip data is cut short", e.source, e.at)
	}
	return fmt.Sprintf("%s: before byte %d: the gzip data is damaged: %v", e.source, e.at, e.err)
}

func (e *gzipError) Unwrap() error { return e.err }

// gunzip tells errors of compression from those of what was compressed: both end in io.ErrUnexpectedEOF otherwise.
type gunzip struct {
	z      *gzip.Reader
	source string
	raw    *counter
	left   int64 // how much more there may be
}

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if g.left -= int64(n); g.left < 0 {
		return 0, &gzipError{g.source, g.raw.n, ErrUnpacked}
	}
	if err != nil && err != io.EOF {
		err = &gzipError{g.source, g.raw.n, err}
	}
	return n, err
}

// counter counts the bytes that were read from r.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
