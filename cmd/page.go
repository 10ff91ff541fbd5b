package cmd

import (
	"slices"
	"strings"
)

// A page is a text of help. How it looks on a terminal or as a manual page is decided when it is written.
type page struct {
	name, summary, usage string
	sections             []section
}

// A section is a part of a page. The description has no title.
type section struct {
	title  string
	blocks []block
}

// A block is one of three: a paragraph, which is wrapped; lines, which are not; or items.
type block struct {
	text  string
	lines []string
	items []item
}

// An item is a term and what it means, with further items below it.
type item struct {
	term, text string
	items      []item
}

// page is the help of the command.
func (c command) page() page {
	set, _ := c.declare()
	usage := "amesh-render " + c.name
	if set.HasFlags() {
		usage += " [flags]"
	}
	p := page{name: "amesh-render " + c.name, summary: c.summary, usage: strings.TrimSpace(usage + " " + c.args)}
	p.add("", prose(c.help))
	p.add("Examples", exampleBlocks(c.examples))
	p.sections = append(p.sections, flagSections(set)...)
	p.add("Exit codes", []block{{items: c.exits.items()}})
	p.add("Environment", environmentBlocks(set, c.environment))
	p.add("See also", []block{{items: references(c.seeAlso)}})
	return p
}

// overview is the help of the program.
func overview() page {
	p := page{name: "amesh-render", summary: "makes Apache APISIX an Istio data plane with nothing but a file",
		usage: "amesh-render COMMAND [flags] [arguments]"}
	var list []item
	for _, c := range commands() {
		list = append(list, item{term: c.name, text: c.summary})
	}
	p.add("Commands", []block{{items: list}})
	p.add("Examples", exampleBlocks([]example{
		{"What APISIX would be told in the place of a sidecar:",
			"istioctl proxy-config all deploy/productpage-v1 -o json | amesh-render once -"},
		{"Without a mesh at hand, the example that the binary carries:",
			"amesh-render agent --xds demo -o apisix.yaml"},
	}))
	p.add("Exit codes", []block{{items: exits{exitNo: "the answer is no, or no to --strict"}.items()}})
	p.add("Environment", []block{{items: []item{{variablePrefix + "…",
		"each flag of each command can be set by a variable, such as " + variableOf("log-level") + " for --log-level", nil}}}})
	p.add("See also", []block{{items: []item{{"amesh-render COMMAND --help", "says more about each", nil}}}})
	return p
}

// add adds a section, if there is anything in it.
func (p *page) add(title string, blocks []block) {
	blocks = slices.DeleteFunc(blocks, func(b block) bool { return b.text == "" && b.lines == nil && b.items == nil })
	if len(blocks) > 0 {
		p.sections = append(p.sections, section{title, blocks})
	}
}

// prose makes blocks of a command's help: paragraphs, and runs of indented lines. A line that begins with "- " begins a
// paragraph.
func prose(text string) (blocks []block) {
	const none, paragraph, lines = 0, 1, 2
	last := none
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		line = strings.TrimRight(line, " \n")
		switch {
		case line == "":
			last = none
		case strings.HasPrefix(line, " ") && last == lines:
			blocks[len(blocks)-1].lines = append(blocks[len(blocks)-1].lines, line)
		case strings.HasPrefix(line, " "):
			blocks, last = append(blocks, block{lines: []string{line}}), lines
		case last == paragraph && !strings.HasPrefix(line, "- "):
			blocks[len(blocks)-1].text += " " + line
		default:
			blocks, last = append(blocks, block{text: line}), paragraph
		}
	}
	return blocks
}

func exampleBlocks(examples []example) (blocks []block) {
	for _, e := range examples {
		var lines []string
		prompt := "  $ "
		for line := range strings.Lines(strings.Trim(e.lines, "\n") + "\n") {
			line = strings.TrimRight(line, "\n")
			lines = append(lines, prompt+line)
			if prompt = "  $ "; strings.HasSuffix(line, `\`) {
				prompt = "    "
			}
		}
		blocks = append(blocks, block{text: e.title}, block{lines: lines})
	}
	return blocks
}

// items are the exit codes of a command, with what they mean for every command. One that has declared none may say no.
func (e exits) items() (list []item) {
	usual := exits{exitOK: "done", exitTrouble: "trouble: wrong usage, input that cannot be read, output that cannot be written"}
	if e == nil {
		usual[exitNo] = "the answer is no"
	}
	for code, name := range []string{"0", "1", "2"} {
		meaning := usual[code]
		if own := e[code]; own != "" {
			meaning = own
		}
		if meaning != "" {
			list = append(list, item{term: name, text: meaning})
		}
	}
	return list
}

// pages is where the pages of docs/ can be read.
const pages = "https://github.com/amesh-render/amesh-render/blob/main/"

// references are what a command's seeAlso names.
func references(names []string) (list []item) {
	for _, name := range names {
		if c, err := find(name); err == nil {
			list = append(list, item{term: "amesh-render " + name, text: c.summary})
		} else {
			list = append(list, item{term: pages + name})
		}
	}
	return list
}
