//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/agent"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// firstRounds is after how many rounds memory is measured for the first time.
const firstRounds = 50

// memory is what the operating system says of a process.
type memory struct {
	Rounds   int `json:"rounds"`
	Peak     int `json:"peak"`     // resident, in bytes, since the process began
	Resident int `json:"resident"` // in bytes, now
}

// A holder does with a response what takes memory; after the last one of a push it goes on with all of them.
type holder func(response []byte, last bool) error

// measureMemory has a holder follow a mesh through so many rounds, and prints as JSON what memory this process had after
// the first ones and after all. In each round something changes: mostly an endpoint, every tenth time a VirtualService; and
// every 25th time everything comes once more, as after a reconnect.
func measureMemory(services, rounds int, newHolder func(node *corev3.Node, dir string) holder, out io.Writer) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := newSource(services)
	if err != nil {
		return err
	}
	defer s.close()
	debug.SetGCPercent(agent.GarbagePercent)
	hold := newHolder(s.Node, dir)
	var all []memory
	for round := range rounds + 1 {
		if err := s.stream(pushOfRound(round), hold); err != nil {
			return err
		}
		if round == min(firstRounds, rounds) || round == rounds {
			m, err := residentMemory()
			if err != nil {
				return err
			}
			m.Rounds = round
			all = append(all, m)
		}
	}
	return json.NewEncoder(out).Encode(all)
}

func pushOfRound(round int) push {
	switch {
	case round%25 == 0:
		return pushAll
	case round%10 == 0:
		return pushVirtualService
	}
	return pushEndpoint
}

// holdPipeline is the agent, which writes its file.
func holdPipeline(node *corev3.Node, dir string) holder {
	p := newPipeline(node, filepath.Join(dir, "apisix.yaml"))
	return func(response []byte, last bool) error {
		if err := p.take([][]byte{response}); err != nil || !last {
			return err
		}
		_, err := p.commit(true)
		p.settle()
		return err
	}
}

// holdResponses is the floor: a client that decodes what it gets, and keeps the encoded resources and nothing else.
func holdResponses(*corev3.Node, string) holder {
	held := map[string][]byte{}
	return func(response []byte, _ bool) error {
		r := new(discoveryv3.DiscoveryResponse)
		if err := proto.Unmarshal(response, r); err != nil {
			return err
		}
		for _, a := range r.GetResources() {
			m, err := a.UnmarshalNew()
			if err != nil {
				return err
			}
			held[a.GetTypeUrl()+" "+snapshot.NameOf(m)] = a.GetValue()
		}
		return nil
	}
}

// residentMemory asks Linux.
func residentMemory() (m memory, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return m, fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line)
		if len(fields) != 3 {
			continue
		}
		n, _ := strconv.Atoi(string(fields[1]))
		switch string(fields[0]) {
		case "VmHWM:":
			m.Peak = n << 10
		case "VmRSS:":
			m.Resident = n << 10
		}
	}
	return m, nil
}
