package cmd

import (
	"bytes"
	"fmt"
	"io"

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
	source, err := openText(path, s.In)
	if err != nil {
		return nil, err
	}
	defer source.close()
	in := &input{name: source.name}
	var dump io.Reader = source.text
	if !source.isLargeDump() {
		text, err := source.all()
		switch {
		case err != nil:
			return nil, err
		case standalone.Is(text):
			if err := in.readFile(text); err != nil {
				return nil, err
			}
			return in, nil
		case isManifest(text):
			return nil, manifestError{in.name}
		}
		dump = bytes.NewReader(text)
	}
	if in.snapshot, err = snapshot.Decode(snapshot.Source{Name: in.name, Reader: dump}); err != nil {
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

// readFile reads a file that was rendered before.
func (in *input) readFile(text []byte) (err error) {
	in.text = text
	if in.file, err = standalone.Read(in.name, text); err == nil {
		in.config, in.problems = in.file.Config()
	}
	return err
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
