package cmd

import (
	"fmt"
	"io"
	"strings"
)

// writeMan writes the page in the language of manual pages, roff with the macros man.
func (p page) writeMan(w io.Writer) {
	title := strings.ToUpper(strings.ReplaceAll(p.name, " ", "-"))
	fmt.Fprintf(w, ".TH %s 1 \"\" \"amesh-render %s\" \"amesh-render\"\n.nh\n.ad l\n", roff(title), version)
	fmt.Fprintf(w, ".SH NAME\n%s \\- %s\n", roff(strings.ReplaceAll(p.name, " ", "-")), roff(p.summary))
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B %s\n", roff(p.usage))
	for _, s := range p.sections {
		title := s.title
		if title == "" {
			title = "Description"
		}
		fmt.Fprintf(w, ".SH %s\n", roff(strings.ToUpper(title)))
		for _, b := range s.blocks {
			b.writeMan(w)
		}
	}
}

func (b block) writeMan(w io.Writer) {
	if b.text != "" {
		fmt.Fprintf(w, ".PP\n%s\n", roff(b.text))
	}
	if b.lines != nil {
		fmt.Fprint(w, ".PP\n.nf\n")
		for _, line := range b.lines {
			fmt.Fprintln(w, roff(line))
		}
		fmt.Fprint(w, ".fi\n")
	}
	writeManItems(w, b.items)
}

func writeManItems(w io.Writer, items []item) {
	for _, i := range items {
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(i.term)), roff(i.text))
		if len(i.items) > 0 {
			fmt.Fprint(w, ".RS\n")
			writeManItems(w, i.items)
			fmt.Fprint(w, ".RE\n")
		}
	}
}

// roff escapes a line: a . or ' at its beginning would be a request, and - is a hyphen. \& is nothing. Addresses of pages of
// docs are too long for a line; \: lets them break.
func roff(line string) string {
	return `\&` + strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\[dq]`, "…", `\[u2026]`, "/docs/", `/docs/\:`).Replace(line)
}
