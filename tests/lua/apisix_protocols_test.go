package lua

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What is asked for by another protocol goes through as it does to any upstream.
func TestAPISIXPassthroughProtocols(t *testing.T) {
	w := newWorld(t)
	startAPISIX(t, w, mesh{Routes: []object{
		httpRoute("tls.test", object{"amesh-passthrough": object{"scheme": "https"}}),
		httpRoute("other.test", object{"amesh-passthrough": object{"scheme": "https"}}),
		httpRoute("grpc.test", object{"amesh-passthrough": object{"scheme": "grpc"}}),
		httpRoute("socket.test", object{"amesh-passthrough": object{}}, object{"enable_websocket": true}),
	}})
	client := w.http(t, nil)
	secure := w.serve(t, "10.96.0.10:443", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.TLS.ServerName)
	}))
	secure.StartTLS()
	for range 5 { // kept connections are not shared by names
		wantBody(t, client, "http://10.96.0.10:443/", "tls.test", 200, "tls.test")
		wantBody(t, client, "http://10.96.0.10:443/", "other.test", 200, "other.test")
	}

	var http2 http.Protocols
	http2.SetUnencryptedHTTP2(true)
	grpc := w.serve(t, "10.96.0.10:50051", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
		fmt.Fprint(w, r.Proto, r.URL.Path)
	}))
	grpc.Config.Protocols = &http2
	grpc.Start()
	request, err := http.NewRequest("POST", "http://10.96.0.10:50051/pkg.Service/Call", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "grpc.test"
	request.Header.Set("Content-Type", "application/grpc")
	if got := do(t, w.http(t, &http2), request); got.status != 200 || got.body != "HTTP/2.0/pkg.Service/Call" {
		t.Errorf("gRPC: got %d %q", got.status, got.body)
	}

	w.serve(t, "10.96.0.10:81", http.HandlerFunc(echoUpgraded)).Start()
	w.checkUpgrade(t, "10.96.0.10:81", "socket.test")
}

// echoUpgraded answers an upgrade, and then sends back a line.
func echoUpgraded(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" {
		http.Error(w, "no upgrade", http.StatusBadRequest)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
	buffered.Flush()
	line, _ := buffered.ReadString('\n')
	fmt.Fprint(buffered, line)
	buffered.Flush()
}

func (w world) checkUpgrade(t *testing.T, address, host string) {
	t.Helper()
	conn, err := w.dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", host)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("WebSocket: %v, %+v", err, response)
	}
	fmt.Fprintln(conn, "echo")
	if line, err := reader.ReadString('\n'); line != "echo\n" {
		t.Errorf("WebSocket: got %q, %v", line, err)
	}
}
