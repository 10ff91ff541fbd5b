package cmd

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/internal/printable"
)

// isDirectory reports whether path is one. What cannot be looked at is none: reading it will say why.
func isDirectory(path string) bool {
	if path == "-" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// configurationFile is how files are called that may hold a configuration.
var configurationFile = regexp.MustCompile(`(?i)\.(json|yaml|yml)(\.gz)?$`)

// directory is a walk through the files below a directory.
type directory struct {
	files  []string // relative to it, with slashes
	others []string // what is called otherwise, or is no file: pipes, devices
}

// filesBelow walks through a directory, and through those that links lead to. What is hidden is passed over.
func filesBelow(root string) (directory, error) {
	var d directory
	err := d.walk(root, "", nil)
	slices.Sort(d.files)
	return d, err
}

// walk adds what is in a directory below the root; above are the directories that lead to it, which links may lead back to.
func (d *directory) walk(root, below string, above []os.FileInfo) error {
	here := filepath.Join(root, filepath.FromSlash(below))
	info, err := os.Stat(here)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(above, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
		return nil
	}
	above = append(slices.Clip(above), info)
	entries, err := os.ReadDir(here)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := path.Join(below, e.Name())
		info, err := os.Stat(filepath.Join(here, e.Name()))
		switch {
		case err == nil && info.IsDir():
			if err := d.walk(root, name, above); err != nil {
				return err
			}
		case !configurationFile.MatchString(name) || err == nil && !info.Mode().IsRegular():
			d.others = append(d.others, name)
		default: // what cannot be looked at, reading says why
			d.files = append(d.files, name)
		}
	}
	return nil
}

// tellOthers says on one line what was passed over.
func tellOthers(w io.Writer, others []string) {
	if len(others) == 0 {
		return
	}
	const shown = 3
	slices.Sort(others)
	others = slices.Compact(others)
	list := strings.Join(others[:min(len(others), shown)], ", ")
	if more := len(others) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	fmt.Fprintf(w, "amesh-render: diff: passed over what is neither a dump nor a file of APISIX's: %s\n", printable.Line(list))
}

// manifestError says that a file holds Kubernetes manifests, as lie beside dumps in the repositories of people.
type manifestError struct{ name string }

func (e manifestError) Error() string {
	return e.name + ": found Kubernetes manifests; expected an xDS dump, an apisix.yaml or an apisix.json"
}

var (
	yamlManifest = regexp.MustCompile(`(?m)^apiVersion:[ \t]+\S`)
	jsonManifest = regexp.MustCompile(`\A\s*\{\s*"(apiVersion|kind)"\s*:`)
)

// isManifest reports whether a text begins with a manifest.
func isManifest(text []byte) bool {
	text = text[:min(len(text), 64<<10)]
	return yamlManifest.Match(text) || jsonManifest.Match(text)
}
