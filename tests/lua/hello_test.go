package lua

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// maxPreread is nginx's preread_buffer_size: nothing may be asked for beyond it.
const maxPreread = 16384

// hello is what a client of crypto/tls sends first.
func hello(t *testing.T, conf *tls.Config) []byte {
	t.Helper()
	client, server := net.Pipe()
	defer server.Close()
	go func() {
		tls.Client(client, conf).Handshake() // fails: nobody answers
		client.Close()
	}()
	header := make([]byte, 5)
	if _, err := io.ReadFull(server, header); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint16(header[3:]))
	if _, err := io.ReadFull(server, body); err != nil {
		t.Fatal(err)
	}
	return append(header, body...)
}

// inRecords is a hello in records of another size.
func inRecords(hello []byte, size int) []byte {
	var out []byte
	for body := hello[5:]; len(body) > 0; {
		n := min(size, len(body))
		out = append(out, 22, 3, 1, byte(n>>8), byte(n))
		out = append(out, body[:n]...)
		body = body[n:]
	}
	return out
}

// handBuilt is a hello with the extensions given, nil for the form of old clients that have none.
func handBuilt(extensions ...[]byte) []byte {
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body = append(body, 0)                                        // session id
	body = append(body, 0, 4, 0x1a, 0x1a, 0x13, 1)                // cipher suites, the first is GREASE
	body = append(body, 1, 0)                                     // compression
	if all := bytes.Join(extensions, nil); len(extensions) != 0 { // of no length if empty
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(all))), all...)
	}
	message := append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	return append([]byte{22, 3, 1, byte(len(message) >> 8), byte(len(message))}, message...)
}

func extension(kind uint16, content string) []byte {
	out := binary.BigEndian.AppendUint16(nil, kind)
	return append(binary.BigEndian.AppendUint16(out, uint16(len(content))), content...)
}

// serverName is the content of the extension with one host name.
func serverName(name string) string {
	entry := append([]byte{0}, binary.BigEndian.AppendUint16(nil, uint16(len(name)))...)
	entry = append(entry, name...)
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(entry)))) + string(entry)
}

func TestHello(t *testing.T) {
	s := start(t, configuration{}, "")
	of := func(name string, low, high uint16) []byte {
		return hello(t, &tls.Config{
			ServerName: name, InsecureSkipVerify: true, MinVersion: low, MaxVersion: high, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	modern := of("Reviews.Example.com", tls.VersionTLS12, tls.VersionTLS13)
	long := strings.Repeat("a.", 126) + "com"
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"TLS 1.3":                {modern, "tls reviews.example.com"},
		"TLS 1.2":                {of("a.b", tls.VersionTLS12, tls.VersionTLS12), "tls a.b"},
		"TLS 1.0":                {of("a.b", tls.VersionTLS10, tls.VersionTLS10), "tls a.b"},
		"no name":                {of("", tls.VersionTLS12, tls.VersionTLS13), "tls nil"},
		"an address is no name":  {of("10.0.0.1", tls.VersionTLS12, tls.VersionTLS13), "tls nil"},
		"the longest name":       {handBuilt(extension(0, serverName(long))), "tls " + long},
		"a name too long":        {handBuilt(extension(0, serverName(long+"x"))), "tls nil"},
		"an empty name":          {handBuilt(extension(0, serverName(""))), "tls nil"},
		"a name with a zero":     {handBuilt(extension(0, serverName("a\x00.b"))), "tls nil"},
		"no extensions":          {handBuilt(), "tls nil"},
		"GREASE before the name": {handBuilt(extension(0x0a0a, ""), extension(0xfafa, "x"), extension(0, serverName("a.b"))), "tls a.b"},
		"with data behind":       {append(bytes.Clone(modern), "more"...), "tls reviews.example.com"},
		"in records of 100":      {inRecords(modern, 100), "tls reviews.example.com"},
		"a record of one byte":   {append([]byte{22, 3, 1, 0, 1, 1, 22, 3, 1, byte((len(modern) - 6) >> 8), byte(len(modern) - 6)}, modern[6:]...), "tls reviews.example.com"},
		"each byte in a record":  {inRecords(modern, 1), "more inf"},
		"nothing":                {nil, "more 1"},
		"one byte":               {[]byte{22}, "more 5"},
		"an announced monster":   {[]byte{22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff}, "more 16389"},
		"HTTP":                   {[]byte("GET / HTTP/1.1\r\n"), "plain"},
		"one byte of plain text": {[]byte("G"), "plain"},
		"SSL 2.0":                {[]byte{0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10}, "plain"},
		"no version of TLS":      {[]byte{22, 2, 0, 0, 10}, "plain"},
		"an empty record":        {[]byte{22, 3, 1, 0, 0}, "plain"},
		"a record too long":      {[]byte{22, 3, 1, 0x40, 1}, "plain"},
		"another message":        {[]byte{22, 3, 1, 0, 5, 2, 0, 0, 1, 0}, "plain"},
		"an alert in between":    {append(inRecords(modern, 100)[:105], 21, 3, 1, 0, 2, 2, 40), "plain"},
		"a hello of two bytes":   {[]byte{22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3}, "plain"},
		"a list with two names":  {handBuilt(extension(0, "\x00\x0a\x00\x00\x02aa\x00\x00\x02bb")), "tls aa"},
		"a list cut off":         {handBuilt(extension(0, serverName("a.b")[:5])), "plain"},
		"an extension cut off":   {handBuilt([]byte{0, 0, 0, 9, 0}), "plain"},
		"no kind of name":        {handBuilt(extension(0, "")), "plain"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.TrimSuffix(s.post(t, "/test/hello", c.data), " nil")
			if got != strings.TrimSuffix(c.want, " nil") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Read from the start in the portions that it asks for itself, a hello is found whatever records it is in; and it asks for
// nothing that a client need not send.
func TestHelloInPortions(t *testing.T) {
	s := start(t, configuration{}, "")
	whole := hello(t, &tls.Config{ServerName: "a.b"})
	for _, size := range []int{40, 300, 16384} {
		data := inRecords(whole, size)
		got := "more 1"
		for asked := 0; strings.HasPrefix(got, "more "); {
			var n int
			fmt.Sscanf(got, "more %d", &n)
			if n <= asked || n > len(data) {
				t.Fatalf("in records of %d: asks for %d bytes after %d of %d", size, n, asked, len(data))
			}
			asked = n
			got = s.post(t, "/test/hello", data[:n])
		}
		if got != "tls a.b" {
			t.Errorf("in records of %d: got %q", size, got)
		}
	}
}

// Whatever a byte is changed to, there is an answer, and nothing is asked for without end.
func TestHelloDamaged(t *testing.T) {
	s := start(t, configuration{}, "")
	whole := handBuilt(extension(0x0a0a, ""), extension(0, serverName("a.b")), extension(16, "\x00\x03\x02h2"))
	for at := range whole {
		for _, value := range []byte{0, 1, 0x7f, 0xff} {
			data := bytes.Clone(whole)
			data[at] = value
			got := s.post(t, "/test/hello", data)
			var n int
			if fmt.Sscanf(got, "more %d", &n); strings.HasPrefix(got, "more") && (n <= len(data) || n > 2*maxPreread) {
				t.Errorf("byte %d as %#x: got %q", at, value, got)
			}
			if kind, _, _ := strings.Cut(got, " "); kind != "more" && kind != "tls" && kind != "plain" {
				t.Errorf("byte %d as %#x: got %q", at, value, got)
			}
		}
		if got := s.post(t, "/test/hello", whole[:at]); !strings.HasPrefix(got, "more ") {
			t.Errorf("%d bytes: got %q", at, got)
		}
	}
}
