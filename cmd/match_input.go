package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// loadMesh reads the file at path, of which - is standard input. What is wrong with a file for APISIX is counted on
// standard error, and told with the routes that it is about.
func loadMesh(path string, o render.Options, s Streams) (*match.Mesh, error) {
	name, text, err := readWhole(path, s)
	if err != nil {
		return nil, err
	}
	if !standalone.Is(text) {
		snap, err := snapshot.Decode(snapshot.Source{Name: name, Reader: bytes.NewReader(text)})
		if err != nil {
			return nil, err
		}
		return match.OfDump(snap, o), nil
	}
	file, err := standalone.Read(name, text)
	if err != nil {
		return nil, err
	}
	config, problems := file.Config()
	mesh := match.OfConfig(config, o)
	for _, p := range problems {
		remark(mesh, p)
	}
	if n := len(problems); n > 0 {
		fmt.Fprintf(s.Err, "amesh-render: match: %s in %s; \"amesh-render validate\" lists them\n", counted(n, "problem"), printable(name))
	}
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

// counted is "1 problem", "2 problems".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// readWhole reads the file at path, of which - is standard input, and says how to call it.
func readWhole(path string, s Streams) (name string, text []byte, err error) {
	if path == "-" {
		text, err = io.ReadAll(s.In)
		return "standard input", text, err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", nil, fmt.Errorf("%s is a directory: name the file in it", path)
	}
	text, err = os.ReadFile(path)
	return path, text, err
}
