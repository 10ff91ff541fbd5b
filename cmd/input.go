package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// input is a file that a command looks into: a dump, with what it renders to, or a file that was rendered before.
type input struct {
	name     string
	snapshot *snapshot.Snapshot // of a dump, else nil
	findings []render.Finding   // of a dump; never nil then
	file     *standalone.File   // of a rendered file, else nil
	text     []byte             // of a rendered file
	config   *apisix.Config     // what APISIX makes of it
}

// readInput reads the file at path, "-" being standard input. A dump is rendered with the options.
func readInput(path string, s Streams, o render.Options) (*input, error) {
	name := path
	var text []byte
	var err error
	if path == "-" {
		name = "standard input"
		text, err = io.ReadAll(s.In)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	return newInput(name, text, o)
}

func newInput(name string, text []byte, o render.Options) (*input, error) {
	in := &input{name: name}
	var err error
	if standalone.Is(text) {
		in.text = text
		if in.file, err = standalone.Read(name, text); err != nil {
			return nil, err
		}
		in.config, _ = in.file.Config()
		return in, nil
	}
	if in.snapshot, err = snapshot.Decode(snapshot.Source{Name: name, Reader: bytes.NewReader(text)}); err != nil {
		return nil, err
	}
	result := render.Render(in.snapshot, o)
	in.config, in.findings = result.Config, append([]render.Finding{}, result.Findings...)
	return in, nil
}

// isDirectory reports whether path is one. What cannot be looked at is none: reading it will say why.
func isDirectory(path string) bool {
	if path == "-" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// filesBelow are the paths of the files below a directory, relative to it, sorted. Hidden ones are passed over.
func filesBelow(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		}
		relative, err := filepath.Rel(dir, path)
		out = append(out, filepath.ToSlash(relative))
		return err
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s: %w", dir, errors.New("there are no files in it"))
	}
	slices.Sort(out)
	return out, err
}
