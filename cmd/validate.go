package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/validate"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var validateCommand = command{
	name:    "validate",
	args:    "FILE…",
	summary: "says what APISIX would make of an apisix.yaml",
	help: `
Reads files of Apache APISIX in standalone mode as APISIX 3.18 reads them, whoever wrote them, and says what it would
refuse, drop or misread. A FILE is an apisix.yaml or apisix.json, plain or gzip; "-" is standard input.

Each problem is a line:

  apisix.yaml:4:14: route/shop: hosts[0]: "shop.example:80" never matches: hosts are compared without port

APISIX itself says little: it drops an object with a mistake, logs a line, and the object's traffic falls to less specific
routes; a missing #END, or a variable ${{NAME}} that is not set, makes it ignore the whole file.

A problem is an error when APISIX refuses the file, drops an object, or answers its requests with 404 or 5xx. It is a
warning when APISIX takes it, but hardly as it was meant: priorities that order nothing, routes that are never reached, an
id that is there twice. Lines of warnings say so.

Without more, APISIX's own objects and a dozen plugins are known in full; of the others names and what all have in common.
With what your APISIX prints as its schemas, all plugins are checked, your own too.
`,
	examples: []example{
		{"A file, before APISIX reads it:", "amesh-render validate apisix.yaml"},
		{"By the schemas of your own APISIX too, its own plugins included:", `
curl -s http://127.0.0.1:9090/v1/schema > schema.json
amesh-render validate --schema schema.json apisix.yaml`},
		{"What a dump would become:", "amesh-render once dump.json | amesh-render validate -"},
	},
	exits:   exits{exitNo: "there are errors, or with --strict warnings"},
	seeAlso: []string{"once", "match", "docs/validate.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(validateFlags)
		set.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the problems")
		choices(set, "output", "text: one a line", "json: for programs")
		set.StringVar(&f.schema, "schema", "", "check by the schemas in this `FILE` too: what your APISIX prints at /v1/schema of its control API")
		set.BoolVar(&f.strict, "strict", false, "exit with 1 for warnings, too")
		markCommandLineOnly(set)
		return f.run
	},
}

type validateFlags struct {
	output, schema string
	strict         bool
}

func (f *validateFlags) run(s Streams, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("no file given")}
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	var verdicts verdicts
	for _, path := range args {
		v, err := judge(path, s.In, options)
		if err != nil {
			return err
		}
		verdicts.add(v)
	}
	if f.output == "json" {
		err = writeJSON(s.Out, &verdicts)
	} else {
		err = verdicts.writeText(s.Out)
	}
	if err != nil {
		return err
	}
	verdicts.summarise(s.Err)
	if verdicts.Errors > 0 || f.strict && verdicts.Warnings > 0 {
		return errNo
	}
	return nil
}

func (f *validateFlags) options() (o validate.Options, err error) {
	if f.schema == "" {
		return o, nil
	}
	text, err := os.ReadFile(f.schema)
	if err != nil {
		return o, fmt.Errorf("schema: %w", err)
	}
	if o.Schemas, err = validate.ParseSchemas(text); err != nil {
		return o, fmt.Errorf("schema: %s: %w", f.schema, err)
	}
	return o, nil
}

// judge reads one file and finds its problems. A text that APISIX cannot parse is a problem, too, and the only one.
func judge(path string, stdin io.Reader, options validate.Options) (verdict, error) {
	name, text, err := readText(path, stdin)
	if err != nil {
		return verdict{}, err
	}
	if !standalone.Is(text) && isDump(text) {
		return verdict{}, dumpError{name}
	}
	v := verdict{Name: name, Problems: []problem{}}
	f, err := standalone.Read(name, text)
	var syntax *standalone.SyntaxError
	switch {
	case errors.As(err, &syntax):
		v.add(standalone.Problem{Line: syntax.Line, Column: max(1, syntax.Column), Level: standalone.Error, Message: syntax.Message})
	case err != nil:
		return verdict{}, err
	default:
		for _, p := range validate.Check(f, options) {
			v.add(p)
		}
	}
	return v, nil
}

// isDump reports whether a text is an xDS dump that holds something.
func isDump(text []byte) bool {
	snap, err := snapshot.Decode(snapshot.Source{Name: "input", Reader: bytes.NewReader(text)})
	return err == nil && snap.Clusters().Len()+snap.Listeners().Len()+snap.RouteConfigurations().Len()+snap.Endpoints().Len()+snap.Secrets().Len() > 0
}

// A dumpError says that an xDS dump was given where a file of APISIX's belongs.
type dumpError struct{ name string }

func (e dumpError) Error() string {
	return fmt.Sprintf("%s is an xDS dump, not a file of APISIX's", e.name)
}

// Hint says how to make such a file of it.
func (e dumpError) Hint() string {
	if e.name == "standard input" {
		return "render it first: amesh-render once - | amesh-render validate -"
	}
	return fmt.Sprintf("render it first: amesh-render once %s | amesh-render validate -", e.name)
}
