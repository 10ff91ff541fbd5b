//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/internal/mesh"
)

// push is what the control plane is to tell.
type push byte

const (
	pushAll            push = 'a' // everything, as to a new client
	pushEndpoint       push = 'e' // a pod of one service has another address
	pushVirtualService push = 'v' // one VirtualService has another timeout
	pushService        push = 's' // there is one service more
	pushAfresh         push = 'n' // everything of the mesh as it was at first
)

// generate is the other process: the mesh, and what the control plane says of it. It reads pushes, each a byte, and answers
// each with its responses; first it says who the sidecar is. So the mesh takes no memory of the process that is measured.
func generate(services int, in io.Reader, out io.Writer) error {
	m := mesh.New(services)
	w := bufio.NewWriterSize(out, 1<<20)
	if err := writeFrames(w, [][]byte{encode(m.Node())}); err != nil {
		return err
	}
	next := 0
	for command := make([]byte, 1); ; {
		if _, err := in.Read(command); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		var frames [][]byte
		if push(command[0]) == pushAfresh {
			m = mesh.New(services)
		}
		for _, r := range responses(m, push(command[0]), &next) {
			frames = append(frames, encode(r))
		}
		if err := writeFrames(w, frames); err != nil {
			return err
		}
	}
}

// responses changes the mesh, each time at another place.
func responses(m *mesh.Mesh, p push, next *int) []*discoveryv3.DiscoveryResponse {
	place := func() int { *next += 7; return *next % m.Len() }
	switch p {
	case pushEndpoint:
		return m.ChangeEndpoint(place())
	case pushVirtualService:
		i := place()
		for !m.HasVirtualService(i) {
			i = place()
		}
		return m.ChangeVirtualService(i)
	case pushService:
		return m.AddService()
	}
	return m.All()
}

func encode(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(err) // the mesh has made something that is none
	}
	return b
}

func writeFrames(w *bufio.Writer, frames [][]byte) error {
	binary.Write(w, binary.BigEndian, uint32(len(frames)))
	for _, f := range frames {
		binary.Write(w, binary.BigEndian, uint32(len(f)))
		w.Write(f)
	}
	return w.Flush() // a bufio.Writer keeps its first error
}

// source is the generator as the measured process sees it.
type source struct {
	Node *corev3.Node

	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func newSource(services int) (*source, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &source{process: exec.Command(self, "-child", "generator", "-sizes", strconv.Itoa(services)), Node: new(corev3.Node)}
	s.process.Stderr = os.Stderr
	if s.in, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	frames, err := s.frames(onHeap)
	if err != nil {
		return nil, err
	}
	return s, proto.Unmarshal(frames[0], s.Node)
}

func (s *source) close() {
	s.in.Close()
	s.process.Wait()
}

// ask has the generator make a push, and returns its responses, encoded, in memory that allocate gives.
func (s *source) ask(p push, allocate func(int) []byte) ([][]byte, error) {
	if _, err := s.in.Write([]byte{byte(p)}); err != nil {
		return nil, err
	}
	return s.frames(allocate)
}

func (s *source) frames(allocate func(int) []byte) (frames [][]byte, err error) {
	err = s.each(allocate, func(frame []byte, _ bool) error {
		frames = append(frames, frame)
		return nil
	})
	return frames, err
}

// stream has the generator make a push, and hands on one response at a time, as they come over a network. The last one is
// said to be that.
func (s *source) stream(p push, take func(response []byte, last bool) error) error {
	if _, err := s.in.Write([]byte{byte(p)}); err != nil {
		return err
	}
	return s.each(onHeap, take)
}

func (s *source) each(allocate func(int) []byte, take func(frame []byte, last bool) error) error {
	count, err := s.number()
	for i := 0; i < count && err == nil; i++ {
		var size int
		if size, err = s.number(); err != nil {
			break
		}
		frame := allocate(size)
		if _, err = io.ReadFull(s.out, frame); err == nil {
			err = take(frame, i == count-1)
		}
	}
	return err
}

func (s *source) number() (int, error) {
	var n uint32
	if err := binary.Read(s.out, binary.BigEndian, &n); err != nil {
		return 0, fmt.Errorf("the generator's answer: %w", err)
	}
	return int(n), nil
}

func onHeap(size int) []byte { return make([]byte, size) }

// offHeap is memory that the garbage collector does not know of: where responses lie that wait to be measured, so that they
// do not make the heap look larger than an agent's, and its collections rarer.
type offHeap struct{ maps [][]byte }

func (o *offHeap) allocate(size int) []byte {
	b, err := syscall.Mmap(-1, 0, max(size, 1), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err) // no memory
	}
	o.maps = append(o.maps, b)
	return b[:size]
}

// free gives all of it back. Nobody may have kept a slice of it.
func (o *offHeap) free() {
	for _, b := range o.maps {
		syscall.Munmap(b)
	}
	o.maps = nil
}
