package cmd

import (
	"io"
	"os"
)

// A palette wraps text in colours of a terminal, or leaves it as it is. The zero value leaves it.
type palette struct{ on bool }

// colours is the palette for what is written to w: colours for a terminal only, and none where the environment has a
// NO_COLOR that is not empty (https://no-color.org) or a TERM that is dumb.
func colours(w io.Writer, getenv func(string) string) palette {
	file, isFile := w.(*os.File)
	if !isFile || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return palette{}
	}
	info, err := file.Stat()
	return palette{err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (p palette) bold(s string) string   { return p.paint("1", s) }
func (p palette) dim(s string) string    { return p.paint("2", s) }
func (p palette) red(s string) string    { return p.paint("31", s) }
func (p palette) green(s string) string  { return p.paint("32", s) }
func (p palette) yellow(s string) string { return p.paint("33", s) }

func (p palette) paint(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
