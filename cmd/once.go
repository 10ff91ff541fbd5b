package cmd

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var once = command{
	name:    "once",
	args:    "DUMP…",
	summary: "renders a captured xDS dump to apisix.yaml",
	help: `
Renders what a control plane has sent to a proxy as the configuration of Apache APISIX in standalone mode.

A DUMP is Envoy's config_dump (best with ?include_eds), also as "istioctl proxy-config all -o json" prints it; one or
more DiscoveryResponses; or single resources: as JSON or YAML, plain or gzip. Several are merged in order. "-" is
standard input.

What APISIX cannot express is counted on standard error and listed by --report. With --strict such a dump is refused.
`,
	examples: []example{
		{"A sidecar of a mesh, with a table of what APISIX cannot express:", `
istioctl proxy-config all deploy/productpage-v1 -o json > dump.json
amesh-render once dump.json -o apisix.yaml --report -`},
		{"In CI: nothing is written, and the job fails, when something would be lost:",
			"amesh-render once dump.json -o apisix.yaml --strict --report findings.json"},
		{"A dump of Envoy's own, and its endpoints:",
			"curl -s 'localhost:15000/config_dump?include_eds' | amesh-render once -"},
	},
	exits:   exits{exitNo: "refused by --strict; nothing is written"},
	seeAlso: []string{"capture", "agent", "docs/fidelity.md", "docs/limits.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(onceFlags)
		set.StringVarP(&f.output, "output", "o", "-", "write to this `FILE`, atomically; - is standard output")
		set.StringVar(&f.format, "format", "yaml", "`FORMAT` of the output")
		choices(set, "format", "yaml: for apisix.yaml", "json: for apisix.json")
		set.StringVar(&f.style, "style", "", "`STYLE` of YAML (default block)")
		choices(set, "style", styles...)
		set.StringVar(&f.report, "report", "", "write the findings as JSON to this `FILE`; - prints a table on standard error")
		set.StringVar(&f.strict, "strict", "", "refuse a dump that has findings of this `SEVERITY` or worse")
		choices(set, "strict",
			"approximate: a request may be treated otherwise than Envoy would",
			"dropped: something does not take effect",
			"denied: requests are refused that Envoy might let pass")
		set.Lookup("strict").NoOptDefVal = string(render.Dropped)
		f.declareRender(set)
		f.declarePlugins(set)
		f.declareFile(set)
		return f.run
	},
}

type onceFlags struct {
	output, format, style, report, strict string
	renderFlags
	pluginFlags
	fileFlags
}

func (f *onceFlags) run(s Streams, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("no dump given")}
	}
	format, err := apisix.ParseFormat(f.format, f.style)
	if err != nil {
		return usageError{err}
	}
	options, err := f.options()
	if err != nil {
		return usageError{err}
	}
	limit, err := parseStrict(f.strict)
	if err != nil {
		return usageError{err}
	}
	file, err := f.file(f.output, format)
	if err != nil {
		return usageError{err}
	}
	snap, err := decodeFiles(args, s)
	if err != nil {
		return err
	}
	if err := f.extend(&options, snap); err != nil {
		return err
	}
	result := render.Render(snap, options)
	if err := report(result.Findings(), f.report, s); err != nil {
		return err
	}
	if limit.exceeded(result.Findings()) {
		fmt.Fprintf(s.Err, "amesh-render: once: refused by --strict; nothing is written\n")
		return errNo
	}
	text := apisix.Encode(result.Config, apisix.EncodeOptions{Format: format, Header: header})
	if file == nil && format == apisix.Lines {
		text = watch.Stamp(1, text) // a file gets its number when it is written
	}
	if file != nil {
		file.Secret = result.Config.HoldsPrivateKeys()
	}
	return write(text, file, s)
}

// decodeFiles reads the dumps at the paths, of which - is standard input, and merges them. On a terminal it shows how far
// it is.
func decodeFiles(paths []string, s Streams) (*snapshot.Snapshot, error) {
	var sources []snapshot.Source
	var p progress
	for _, path := range paths {
		if path == "-" {
			sources = append(sources, snapshot.Source{Name: "standard input", Reader: p.count(s.In)})
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s is a directory: name the dumps in it", path)
		}
		sources = append(sources, snapshot.Source{Name: path, Reader: p.count(file)})
	}
	defer p.showOn(s.Err)()
	return p.decoder.Decode(sources...)
}

// write writes the rendered text to the file, or to standard output when there is none.
func write(content []byte, file *watch.File, s Streams) error {
	if file == nil {
		_, err := s.Out.Write(content)
		return err
	}
	if err := prepare(file); err != nil {
		return err
	}
	_, err := file.Write(content)
	return err
}

// prepare finds out whether the file can be written, and clears away what killed writers have left.
func prepare(file *watch.File) error {
	if err := file.Check(); err != nil {
		return err
	}
	_, err := file.RemoveStale()
	return err
}
