package cmd

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/diff"
)

var diffCommand = command{
	name:    "diff",
	args:    "OLD NEW",
	summary: "says what a change does to traffic",
	help: `
Compares two configurations and says what the change from one to the other does to traffic: which routes appear, vanish
or change where they send requests, which endpoints come and go, what is lost between Envoy and APISIX, and all else that
differs.

OLD and NEW are each an xDS dump, as "once" reads it, or an apisix.yaml or apisix.json; "-" is standard input. Or they
are two directories of such files, .json, .yaml or .yml and perhaps .gz, which are paired by their paths.

With --traffic it also looks for requests whose outcome changes, and shows one of each kind. They are derived from what
the routes of both sides ask for, and proven by a model of APISIX; but they are tried, not all requests there are.

Ids, names, descriptions and labels count as differences, although no request can notice them.
`,
	examples: []example{
		{"Two dumps of one proxy:", "amesh-render diff main/dump.json branch/dump.json"},
		{"Two directories of dumps, as a comment on a pull request:",
			"amesh-render diff --traffic main/dumps branch/dumps -o markdown > comment.md"},
		{"What a pod has against what it would get:",
			"kubectl exec deploy/reviews -c apisix -- cat conf/apisix.yaml | amesh-render diff - apisix.yaml"},
	},
	environment: []variable{{"NO_COLOR", "if not empty, no colours on a terminal"}},
	exits:       exits{exitOK: "nothing differs, or --exit-zero", exitNo: "something differs"},
	seeAlso:     []string{"match", "validate", "docs/diff.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(diffFlags)
		set.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output")
		choices(set, "output", "text: for people", "json: for programs", "markdown: for a pull request", "unified: a diff of the rendered text")
		set.BoolVar(&f.traffic, "traffic", false, "look for requests whose outcome changes")
		set.StringSliceVar(&f.ignore, "ignore", nil, "leave `THINGS` out")
		choices(set, "ignore", "endpoints: which ones upstreams have")
		set.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also if something differs")
		markCommandLineOnly(set)
		f.declareInput(set)
		return f.run
	},
}

type diffFlags struct {
	output            string
	traffic, exitZero bool
	ignore            []string
	inputFlags
}

func (f *diffFlags) run(s Streams, args []string) error {
	if len(args) != 2 {
		return usageError{fmt.Errorf("it takes two arguments, OLD and NEW, not %d", len(args))}
	}
	pairs, err := f.readPairs(args[0], args[1], s)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		for _, in := range []*input{p.old, p.new} {
			if in != nil {
				in.warn("diff", s)
			}
		}
	}
	report := f.compare(pairs)
	if err := f.write(report, pairs, s.Out); err != nil {
		return err
	}
	if report.Different && !f.exitZero {
		return errNo
	}
	return nil
}

// write writes the report in the form that was asked for.
func (f *diffFlags) write(r *diff.Report, pairs []inputPair, w io.Writer) error {
	switch f.output {
	case "json":
		return writeJSON(w, r)
	case "markdown":
		return r.WriteMarkdown(w)
	case "unified":
		return f.writeUnified(w, pairs)
	}
	style := diff.Style{}
	if colours(w, os.Getenv).on {
		style = diff.Terminal
	}
	return r.WriteText(w, style)
}

// inputPair is two inputs to compare; one may be nil.
type inputPair struct{ old, new *input }

// readPairs reads two files, or those of two directories.
func (f *diffFlags) readPairs(old, new string, s Streams) ([]inputPair, error) {
	if old == "-" && new == "-" {
		return nil, usageError{errors.New("only one of OLD and NEW can be standard input")}
	}
	if isDirectory(old) != isDirectory(new) {
		return nil, usageError{fmt.Errorf("%s and %s: one is a directory, the other is not", old, new)}
	}
	if !isDirectory(old) {
		p, errs := f.readPair(old, new, s)
		return []inputPair{p}, errors.Join(errs[:]...)
	}
	return f.readDirectories([2]string{old, new}, s)
}

// readDirectories reads the files of two directories, paired by their paths.
func (f *diffFlags) readDirectories(dirs [2]string, s Streams) (pairs []inputPair, err error) {
	paths := map[string]*[2]string{}
	var others []string
	for i, dir := range dirs {
		d, err := filesBelow(dir)
		if err != nil {
			return nil, err
		}
		others = append(others, d.others...)
		for _, name := range d.files {
			if paths[name] == nil {
				paths[name] = new([2]string)
			}
			paths[name][i] = filepath.Join(dir, filepath.FromSlash(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		p, errs := f.readPair(paths[name][0], paths[name][1], s)
		for i, err := range errs {
			if errors.As(err, new(manifestError)) {
				others, errs[i] = append(others, name), nil
			}
		}
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		if p.old != nil || p.new != nil {
			p.rename(name)
			pairs = append(pairs, p)
		}
	}
	tellOthers(s.Err, others)
	return pairs, nil
}

// rename calls both files of a pair by their path below the directories.
func (p inputPair) rename(name string) {
	for _, in := range []*input{p.old, p.new} {
		if in != nil {
			in.name = name
		}
	}
}

// readPair reads two files at once; no path is no file.
func (f *diffFlags) readPair(old, new string, s Streams) (p inputPair, errs [2]error) {
	var wait sync.WaitGroup
	for i, path := range []string{old, new} {
		if path == "" {
			continue
		}
		wait.Go(func() {
			var in *input
			if in, errs[i] = f.read(path, s); i == 0 {
				p.old = in
			} else {
				p.new = in
			}
		})
	}
	wait.Wait()
	return p, errs
}

func (f *diffFlags) compare(pairs []inputPair) *diff.Report {
	o := diff.Options{IgnoreEndpoints: f.ignoresEndpoints(), Traffic: f.traffic}
	files := []diff.File{}
	for _, p := range pairs {
		files = append(files, diff.Compare(p.old.side(), p.new.side(), o))
	}
	return diff.NewReport(files...)
}

// side is the input as diff compares it; nil is no file.
func (in *input) side() diff.Side {
	if in == nil {
		return diff.Side{}
	}
	s := diff.Side{Name: in.name, Config: in.resolved(), Findings: in.findings}
	if in.file != nil {
		s.Objects = in.file.Objects()
		if list, there := in.file.Plugins(); there {
			s.Objects["plugins"] = list
		}
	} else {
		s.Objects, s.Versions = in.config.Objects(), diff.Versions(in.snapshot)
	}
	return s
}
