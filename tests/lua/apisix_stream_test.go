package lua

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

func streamRoute(id string, plugins object, more object) object {
	r := object{"id": id, "plugins": plugins}
	for name, value := range more {
		r[name] = value
	}
	return r
}

// speakFirst accepts connections in the pod, says who it is without waiting for the client, and ends them.
func (w world) speakFirst(t *testing.T, address string) {
	t.Helper()
	listener := w.listen(t, address)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, address)
			conn.Close()
		}
	}()
}

// hear sends first, each portion in a packet, and returns all that comes back.
func (w world) hear(t *testing.T, address string, first ...[]byte) string {
	t.Helper()
	conn, err := w.dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.(*net.TCPConn).SetNoDelay(true)
	for _, portion := range first {
		if _, err := conn.Write(portion); err != nil {
			break // closed: what it has said before is read below
		}
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	heard, err := io.ReadAll(conn)
	if err, ok := err.(net.Error); ok && err.Timeout() {
		t.Fatalf("%s: the connection is neither answered nor closed", address)
	}
	return string(heard)
}

// Stock stream routes match the original destination, of both families, and a connection that nobody has redirected by the
// listener's own address.
func TestAPISIXStreamDestination(t *testing.T) {
	w := newWorld(t)
	var conf mesh
	for i, match := range []object{
		{"server_addr": "10.97.0.10", "server_port": 3306},
		{"server_addr": "10.97.0.10", "server_port": 3307},
		{"server_addr": "10.97.0.11", "server_port": 3306},
		{"server_addr": "10.97.0.0/24"},
		{"server_addr": "fd97::10", "server_port": 3306},
		{"server_addr": "10.99.0.2", "server_port": 15002},
	} {
		id := fmt.Sprint(i)
		match["upstream_id"] = id
		conf.StreamRoutes = append(conf.StreamRoutes, streamRoute(id, object{}, match))
		conf.Upstreams = append(conf.Upstreams, node(id, "10.96.0.10", 9000+i))
		w.speakFirst(t, fmt.Sprintf("10.96.0.10:%d", 9000+i))
	}
	startAPISIX(t, w, conf)
	for range 3 {
		for to, want := range map[string]string{
			"10.97.0.10:3306": "10.96.0.10:9000", "10.97.0.10:3307": "10.96.0.10:9001", "10.97.0.11:3306": "10.96.0.10:9002",
			"10.97.0.11:80": "10.96.0.10:9003", "[fd97::10]:3306": "10.96.0.10:9004", "10.99.0.2:15002": "10.96.0.10:9005",
			"10.97.1.1:80": "", "[fd97::10]:80": "",
		} {
			if got := w.hear(t, to); got != want {
				t.Errorf("%s: got %q, want %q", to, got, want)
			}
		}
	}
}

func TestAPISIXStreamPassthrough(t *testing.T) {
	w := newWorld(t)
	destinations := []string{"10.97.0.10:3306", "10.97.0.11:3306", "10.97.0.10:3307", "[fd97::10]:3306"}
	refused := []string{"10.97.0.10:15006", "[fd97::10]:15007"}
	for _, address := range append(destinations, refused...) {
		w.speakFirst(t, address)
	}
	startAPISIX(t, w, mesh{StreamRoutes: []object{streamRoute("1", object{"amesh-passthrough": object{}}, nil)}})
	for range 3 {
		for _, address := range destinations {
			if got := w.hear(t, address); got != address {
				t.Errorf("%s: got %q", address, got)
			}
		}
	}
	for _, address := range append(refused, "10.99.0.2:15002", "[fd99::2]:15002", "10.97.0.11:4444") {
		if got := w.hear(t, address); got != "" {
			t.Errorf("%s: got %q, want the connection closed", address, got)
		}
	}
}

func TestAPISIXStreamSplit(t *testing.T) {
	w := newWorld(t)
	weights := []float64{70, 25, 5}
	conf := mesh{StreamRoutes: []object{streamRoute("1", object{"amesh-split": object{"choices": choices(weights...)}}, nil)}}
	place := map[string]int{}
	for i := range weights {
		address := fmt.Sprintf("10.96.0.10:%d", 9000+i)
		place[address] = i
		w.speakFirst(t, address)
		conf.Upstreams = append(conf.Upstreams, node(fmt.Sprint(i), "10.96.0.10", 9000+i))
	}
	startAPISIX(t, w, conf)
	counts := make([]int, len(weights))
	for range 1500 {
		i, known := place[w.hear(t, "10.97.0.10:3306")]
		if !known {
			t.Fatal("a connection was not answered")
		}
		counts[i]++
	}
	unlikely(t, counts, weights)
}
