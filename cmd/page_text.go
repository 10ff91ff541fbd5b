package cmd

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Columns of a page: no wider than reads well, no narrower than there is room for two columns.
const (
	widest    = 100
	narrowest = 50
	// longestTerm is the widest that the left column of items may be; what follows a longer term begins on the next line.
	longestTerm = 30
)

// widthOf is how many columns a page may have on a stream: the terminal's, if it is one that is narrower than usual.
func widthOf(stream io.Writer) int {
	width, _ := columns(stream)
	return max(narrowest, min(widest, width))
}

// write writes the page for a reader, no wider than width but for words and lines that are.
func (p page) write(w io.Writer, width int) {
	fmt.Fprintf(w, "%s: %s\n\nUsage: %s\n", p.name, p.summary, p.usage)
	for _, s := range p.sections {
		fmt.Fprintln(w)
		s.write(w, width)
	}
}

func (s section) write(w io.Writer, width int) {
	indent := ""
	if s.title != "" {
		fmt.Fprintf(w, "%s:\n", s.title)
		indent = "  "
	}
	for i, b := range s.blocks {
		if i > 0 && !s.joins(i) {
			fmt.Fprintln(w)
		}
		b.write(w, indent, width)
	}
}

// joins reports whether no empty line stands before a block: in a list, and between an example and its title.
func (s section) joins(i int) bool {
	before, b := s.blocks[i-1], s.blocks[i]
	return strings.HasPrefix(before.text, "- ") && strings.HasPrefix(b.text, "- ") ||
		s.title != "" && before.text != "" && b.lines != nil
}

func (b block) write(w io.Writer, indent string, width int) {
	if b.text != "" {
		hanging := indent
		if strings.HasPrefix(b.text, "- ") {
			hanging += "  "
		}
		for i, line := range wrap(b.text, width-len(hanging)) {
			if i == 0 {
				fmt.Fprintf(w, "%s%s\n", indent, line)
			} else {
				fmt.Fprintf(w, "%s%s\n", hanging, line)
			}
		}
	}
	for _, line := range b.lines {
		fmt.Fprintf(w, "%s\n", line)
	}
	writeItems(w, b.items, indent, width)
}

// writeItems writes items in two columns.
func writeItems(w io.Writer, items []item, indent string, width int) {
	column := 0
	for _, i := range items {
		if n := utf8.RuneCountInString(i.term); n <= longestTerm {
			column = max(column, n)
		}
	}
	right := indent + strings.Repeat(" ", column+2)
	for _, i := range items {
		lines := wrap(i.text, width-len(right))
		start := fmt.Sprintf("%s%-*s", indent, column+2, i.term)
		if utf8.RuneCountInString(i.term) > column && len(lines) > 0 {
			fmt.Fprintf(w, "%s%s\n", indent, i.term)
			start = right
		}
		for _, line := range lines {
			fmt.Fprintf(w, "%s%s\n", start, line)
			start = right
		}
		if len(lines) == 0 {
			fmt.Fprintf(w, "%s%s\n", indent, i.term)
		}
		writeItems(w, i.items, right, width)
	}
}

// wrap breaks a text into lines of at most width characters, if no word is longer.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
