package lua

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sniMesh sends names to servers that say their own, by the ways that there are.
func sniMesh(plain object) mesh {
	conf := object{
		"servers": []object{
			{"names": []string{"a.test"}, "to": object{"upstream_id": "0"}},
			{"names": []string{"*.wild.test"}, "to": object{"choices": []object{{"weight": 3, "upstream_id": "1"}}}},
			{"names": []string{"through.test"}, "to": object{"passthrough": object{}}},
			{"names": []string{"gone.test"}, "to": object{"upstream_id": "none"}},
		},
		"tls": object{"upstream_id": "2"},
	}
	if plain != nil {
		conf["plain"] = plain
	} else {
		delete(conf, "tls")
	}
	return mesh{
		StreamRoutes: []object{streamRoute("1", object{"amesh-sni": conf}, nil)},
		Upstreams: []object{
			node("0", "10.96.0.10", 9000), node("1", "10.96.0.10", 9001), node("2", "10.96.0.10", 9002), node("3", "10.96.0.10", 9003),
		},
	}
}

// secure asks a server that terminates TLS itself. name "": without a server name.
func (w world) secure(t *testing.T, address, name string) (string, error) {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: name},
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return w.dial(ctx, network, address)
		},
	}
	response, err := (&http.Client{Transport: transport}).Get("https://10.0.0.1/")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	served, _, _ := strings.Cut(string(body), " ")
	return served, err
}

func TestAPISIXStreamServerName(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.serve(t, fmt.Sprintf("10.96.0.10:%d", 9000+i), who(fmt.Sprint(i))).StartTLS()
	}
	w.serve(t, "10.97.0.11:443", who("through")).StartTLS()
	w.named(t, "10.96.0.10:9003")
	startAPISIX(t, w, sniMesh(object{"upstream_id": "3"}))
	for name, want := range map[string]string{
		"a.test": "0", "A.Test": "0", "x.wild.test": "1", "x.y.wild.test": "1", "through.test": "through",
		"wild.test": "2", "other.test": "2", "": "2",
	} {
		if got, err := w.secure(t, "10.97.0.11:443", name); got != want {
			t.Errorf("%q: got %q, want %q (%v)", name, got, want, err)
		}
	}
	if got, err := w.secure(t, "10.97.0.11:443", "gone.test"); err == nil {
		t.Errorf("an upstream that is not there: got %q", got)
	}
	wantBody(t, w.http(t, nil), "http://10.97.0.10:80/", "a.test", 200, "10.96.0.10:9003 a.test")

	// To the wrong server in pieces: it answers with an alert, as the hello is whole, and the client's nothing else.
	whole := hello(t, &tls.Config{ServerName: "a.test"})
	for name, pieces := range map[string][][]byte{
		"each 100 bytes":      portions(whole, 100),
		"in records of 64":    portions(inRecords(whole, 64), 50),
		"the first by itself": {whole[:1], whole[1:]},
	} {
		if got := w.answerOf(t, "10.97.0.10:443", pieces); !bytes.HasPrefix(got, []byte{22, 3, 3}) {
			t.Errorf("%s: the server's answer is %x", name, got)
		}
	}
}

func portions(data []byte, size int) (all [][]byte) {
	for len(data) > 0 {
		n := min(size, len(data))
		all, data = append(all, data[:n]), data[n:]
	}
	return all
}

// answerOf is the start of what comes back for a hello.
func (w world) answerOf(t *testing.T, address string, pieces [][]byte) []byte {
	t.Helper()
	conn, err := w.dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, piece := range pieces {
		if _, err := conn.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 3)
	n, _ := io.ReadFull(conn, answer)
	return answer[:n]
}

// What has nowhere to go is closed: for lack of a target, or as the client keeps its hello from us.
func TestAPISIXStreamCloses(t *testing.T) {
	w := newWorld(t)
	startAPISIX(t, w, sniMesh(nil))
	whole := hello(t, &tls.Config{ServerName: "a.test"})
	endless := append([]byte{22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff}, make([]byte, 16380)...)
	for name, first := range map[string][][]byte{
		"plain text":                 {[]byte("GET / HTTP/1.1\r\n\r\n")},
		"no target for the name":     {hello(t, &tls.Config{ServerName: "other.test"})},
		"no name":                    {handBuilt()},
		"SSL 2.0":                    {{0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10}},
		"stalls after a byte":        {whole[:1]},
		"stalls in the middle":       {whole[:200]},
		"says nothing":               {},
		"longer than is read":        {endless, endless},
		"each byte in a record":      {inRecords(whole, 1)},
		"to a server that is not up": {whole},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.hear(t, "10.97.0.10:443", first...); got != "" {
				t.Errorf("got %q, want the connection closed", got)
			}
		})
	}
}
