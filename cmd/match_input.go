package cmd

import (
	"strings"

	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/standalone"
)

// loadMesh reads the file at path, of which - is standard input. What is wrong with a file for APISIX is told with the
// routes that it is about.
func (f *matchFlags) loadMesh(path string, s Streams) (*match.Mesh, error) {
	o, err := f.options()
	if err != nil {
		return nil, usageError{err}
	}
	in, err := f.read(path, s)
	if err != nil {
		return nil, err
	}
	if in.snapshot != nil {
		mesh := match.OfRendered(in.snapshot, in.resolved(), in.findings, in.options)
		for _, p := range in.problems {
			remark(mesh, p)
		}
		return mesh, nil
	}
	mesh := match.OfConfig(in.config, o)
	for _, p := range in.problems {
		remark(mesh, p)
	}
	in.warn("match", s)
	return mesh, nil
}

// remark tells a mesh what a problem means for its answers.
func remark(mesh *match.Mesh, p standalone.Problem) {
	object := p.Kind + "/" + p.ID
	switch {
	case p.Field == "filter_func" || p.Field == "script":
		mesh.Doubt(object, p.String())
	case !strings.HasSuffix(p.Field, "service_name"):
		mesh.Remark(object, p.String())
	case p.Kind == "upstream":
		mesh.Discovered(p.ID)
	default:
		mesh.Discovered(object)
	}
}
