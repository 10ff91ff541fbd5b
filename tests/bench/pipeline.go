//go:build linux

package main

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/amesh-render/amesh-render/agent"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds"
)

// pipeline is what is measured: all that the agent does from the bytes of a response to the file, one step after the other,
// without the network, the pacer and the status pages.
type pipeline struct {
	local    *xds.Local
	renderer render.Renderer
	planner  watch.Planner[agent.Document]
	encoder  apisix.Encoder
	file     watch.File
	settler  agent.Settler
	size     int // of the file's text
}

// newPipeline is that of an agent which has just started, with a file that it may write.
func newPipeline(node *corev3.Node, path string) *pipeline {
	return &pipeline{local: xds.NewLocal(node), file: watch.File{Path: path, Generation: true},
		encoder: apisix.Encoder{Options: apisix.EncodeOptions{Format: apisix.Lines, Header: "amesh-render"}}}
}

// take takes over encoded responses.
func (p *pipeline) take(responses [][]byte) error {
	for _, b := range responses {
		r := new(discoveryv3.DiscoveryResponse)
		if err := xds.UnmarshalResponse(b, r); err != nil {
			return err
		}
		if err := p.local.Apply(r); err != nil {
			return err
		}
	}
	return nil
}

// settle is what an agent does once the file is there.
func (p *pipeline) settle() { p.settler.Settle(p.local.Snapshot()) }

// commit renders what has come and makes the text of each commit that leads there; with write, it writes them to the file
// too. It returns how often the file was replaced.
func (p *pipeline) commit(write bool) (written int, err error) {
	want := agent.Document{Config: p.renderer.Render(p.local.Snapshot(), render.Options{}).Config}
	for more := true; more; {
		more, err = p.planner.Commit(want, func(d agent.Document) error {
			text := p.encoder.Encode(d.Config)
			p.size = int(text.Len())
			if !write {
				return nil
			}
			result, err := p.file.WriteContent(text)
			if result.Written {
				written++
			}
			return err
		})
		if err != nil {
			return written, fmt.Errorf("commit: %w", err)
		}
	}
	return written, nil
}
