package cmd

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// input is a file that a command looks into: a dump, with what it renders to, or a file that was rendered before.
type input struct {
	name     string
	snapshot *snapshot.Snapshot // of a dump, else nil
	options  render.Options     // with which a dump was rendered
	findings []render.Finding   // of a dump; never nil then
	file     *standalone.File   // of a rendered file, else nil
	text     []byte             // of a rendered file
	problems []standalone.Problem
	config   *apisix.Config // what APISIX makes of it
}

// inputFlags say how dumps are rendered that commands look into.
type inputFlags struct {
	renderFlags
	pluginFlags
}

func (f *inputFlags) declareInput(set *pflag.FlagSet) {
	f.declareRender(set)
	f.declarePlugins(set)
}

// read reads the file at path, "-" being standard input. A dump is rendered by the flags.
func (f *inputFlags) read(path string, s Streams) (*input, error) {
	name, text, err := readText(path, s.In)
	if err != nil {
		return nil, err
	}
	in := &input{name: name}
	if standalone.Is(text) {
		in.text = text
		if in.file, err = standalone.Read(name, text); err != nil {
			return nil, err
		}
		in.config, in.problems = in.file.Config()
		return in, nil
	}
	if isManifest(text) {
		return nil, manifestError{name}
	}
	if in.snapshot, err = snapshot.Decode(snapshot.Source{Name: name, Reader: bytes.NewReader(text)}); err != nil {
		return nil, err
	}
	if in.options, err = f.options(); err != nil {
		return nil, usageError{err}
	}
	if err := f.extend(&in.options, in.snapshot); err != nil {
		return nil, err
	}
	result := render.Render(in.snapshot, in.options)
	in.config, in.findings = result.Config, append([]render.Finding{}, result.Findings()...)
	return in, nil
}

// resolved is the input's configuration with all that routes take from other objects. What of that cannot be told is added to
// its problems.
func (in *input) resolved() *apisix.Config {
	if in.file != nil || len(in.config.Others) == 0 {
		return in.config
	}
	file, err := standalone.Read("apisix.yaml", apisix.Encode(in.config, apisix.EncodeOptions{Format: apisix.Lines}))
	if err != nil { // what we write can be read; if it cannot, what we know is still better than nothing
		return in.config
	}
	config, problems := file.Config()
	in.problems = problems
	return config
}

// warn says on standard error how many problems a rendered file has, and of how much in it nobody here knows what it does.
func (in *input) warn(command string, s Streams) {
	unknown, first := 0, ""
	for _, p := range in.problems {
		if p.Level == standalone.Warning {
			if unknown++; unknown == 1 {
				first = p.String()
			}
		}
	}
	if n := len(in.problems) - unknown; n > 0 {
		fmt.Fprintf(s.Err, "amesh-render: %s: %s in %s; \"amesh-render validate\" lists them\n",
			command, printable.Count(n, "problem"), printable.Line(in.name))
	}
	if unknown > 0 {
		fmt.Fprintf(s.Err, "amesh-render: %s: %s in %s of which not all is known, the first: %s\n",
			command, printable.Count(unknown, "place"), printable.Line(in.name), printable.Line(first))
	}
}

// readText reads a file, or standard input for "-", and unpacks it.
func readText(path string, stdin io.Reader) (name string, text []byte, err error) {
	if path == "-" {
		name = "standard input"
		text, err = io.ReadAll(stdin)
	} else {
		name = path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return "", nil, fmt.Errorf("%s is a directory: name the files in it", path)
		}
		text, err = os.ReadFile(path)
	}
	if err == nil && bytes.HasPrefix(text, []byte("\x1f\x8b")) {
		text, err = unpack(text, snapshot.MaxUnpacked)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, text, nil
}

// unpack unpacks a text, if that has at most so many bytes then.
func unpack(packed []byte, most int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, most+1))
	if int64(len(text)) > most {
		return nil, snapshot.ErrUnpacked
	}
	return text, err
}
