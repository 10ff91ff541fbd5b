package cmd

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestCaptureGivesUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	start := time.Now()
	code, out, stderr := runCommand(t, "capture", "--xds", "grpc://"+silent.Addr().String(), "--timeout", "100ms",
		"--node-id", "sidecar~10.0.0.1~a.b~b.svc.cluster.local")
	want := "amesh-render: capture: nothing complete from grpc://" + silent.Addr().String() + " within 100ms"
	if code != exitTrouble || out != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("got %d, %q, %s", code, out, stderr)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
