// Package istiod tests "amesh-render agent" against a real istiod: istiod in this process, fed from manifests by package
// lab, the agent as a subprocess, APISIX's file between it and the assertions.
//
// It is a module of its own, so that Istio's dependencies do not choose the versions of the program's. That is also why
// the agent is a subprocess: $AMESH_RENDER if set, else built from this repository. Go does not know that the program is
// an input of these tests, so use -count=1:
//
//	go test -count=1 ./...
//	go test -run '^$' -bench . -benchtime 50x .
package istiod

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// deadline is how long a condition may take to come true on a slow machine.
const deadline = 30 * time.Second

// program is the amesh-render that is tested.
var program string

func TestMain(m *testing.M) {
	remove, err := build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	code := m.Run()
	remove()
	os.Exit(code)
}

// build builds the program, unless one is given.
func build() (remove func(), err error) {
	if program = os.Getenv("AMESH_RENDER"); program != "" {
		program, err = filepath.Abs(program)
		return func() {}, err
	}
	dir, err := os.MkdirTemp("", "amesh-render-istiod")
	if err != nil {
		return nil, err
	}
	program = filepath.Join(dir, "amesh-render")
	command := exec.Command("go", "build", "-o", program, "./cmd/amesh-render")
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("build amesh-render: %w\n%s", err, out)
	}
	return func() { os.RemoveAll(dir) }, nil
}
