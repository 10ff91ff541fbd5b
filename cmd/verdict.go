package cmd

import (
	"bytes"
	"fmt"
	"io"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/standalone"
)

// A verdict is what is wrong with one file. Its JSON, and that of those below, is what docs/validate.md promises.
type verdict struct {
	Name     string    `json:"name"`
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Problems []problem `json:"problems"`
}

type problem struct {
	Line    int              `json:"line"`
	Column  int              `json:"column"`
	Level   standalone.Level `json:"level"`
	Kind    string           `json:"kind,omitempty"`
	ID      string           `json:"id,omitempty"`
	Field   string           `json:"field,omitempty"`
	Message string           `json:"message"`
}

func (v *verdict) add(p standalone.Problem) {
	if p.Level == standalone.Error {
		v.Errors++
	} else {
		v.Warnings++
	}
	v.Problems = append(v.Problems, problem{p.Line, p.Column, p.Level, p.Kind, p.ID, p.Field, p.Message})
}

func (p problem) String() string {
	text := standalone.Problem{Kind: p.Kind, ID: p.ID, Field: p.Field, Message: p.Message}.String()
	if p.Level == standalone.Warning {
		return "warning: " + text
	}
	return text
}

// verdicts are those of all files.
type verdicts struct {
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Files    []verdict `json:"files"`
}

func (v *verdicts) add(one verdict) {
	v.Errors += one.Errors
	v.Warnings += one.Warnings
	v.Files = append(v.Files, one)
}

func (v *verdicts) writeText(w io.Writer) error {
	var b bytes.Buffer
	for _, file := range v.Files {
		for _, p := range file.Problems {
			fmt.Fprintf(&b, "%s:%d:%d: %s\n", printable.Line(file.Name), p.Line, p.Column, printable.Line(p.String()))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// summarise counts the problems, if there are any.
func (v *verdicts) summarise(w io.Writer) {
	if v.Errors+v.Warnings == 0 {
		return
	}
	bad := 0
	for _, file := range v.Files {
		if len(file.Problems) > 0 {
			bad++
		}
	}
	fmt.Fprintf(w, "amesh-render: %s, %s in %d of %s\n", printable.Count(v.Errors, "error"), printable.Count(v.Warnings, "warning"), bad, printable.Count(len(v.Files), "file"))
}
