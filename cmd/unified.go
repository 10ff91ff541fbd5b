package cmd

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"unicode"

	textdiff "github.com/rogpeppe/go-internal/diff"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// writeUnified writes a diff of texts for each pair of inputs.
func (f *diffFlags) writeUnified(w io.Writer, pairs []inputPair) error {
	for _, p := range pairs {
		text := textdiff.Diff(p.old.label("old"), f.plainText(p.old, p.new), p.new.label("new"), f.plainText(p.new, p.old))
		if _, err := w.Write(withoutControls(text)); err != nil {
			return err
		}
	}
	return nil
}

// label is the input's name, or the null device for no file.
func (in *input) label(side string) string {
	if in == nil {
		return "/dev/null"
	}
	return side + "/" + printable.Line(in.name)
}

// plainText is the text of an input as it is compared with that of another: as it is, if both are files; else all objects
// in one style.
func (f *diffFlags) plainText(in, other *input) []byte {
	switch {
	case in == nil:
		return nil
	case in.file != nil && (other == nil || other.file != nil) && !f.ignoresEndpoints():
		return withoutComments(in.text)
	}
	objects := maps.Clone(in.side().Objects)
	if f.ignoresEndpoints() {
		objects["upstreams"] = withoutNodes(objects["upstreams"])
	}
	return withoutComments(apisix.EncodeObjects(objects, apisix.EncodeOptions{}))
}

func (f *diffFlags) ignoresEndpoints() bool { return slices.Contains(f.ignore, "endpoints") }

func withoutNodes(upstreams []apisix.Object) []apisix.Object {
	out := make([]apisix.Object, len(upstreams))
	for i, u := range upstreams {
		out[i] = apisix.Object{}
		for key, value := range u {
			if key != "nodes" {
				out[i][key] = value
			}
		}
	}
	return out
}

// withoutControls is text without what could play tricks on a terminal.
func withoutControls(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// withoutComments is text without the lines that say what wrote it and for which time.
func withoutComments(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("# ")) {
			out = append(out, line...)
		}
	}
	return out
}
