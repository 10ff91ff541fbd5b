package apisix

import "fmt"

// Format is how a Config is written. All formats hold the same content.
type Format int

const (
	// Block is apisix.yaml for people: block mappings and sequences, small leaves on one line.
	Block Format = iota
	// Lines is apisix.yaml for APISIX and for diffs: one line per object. It is YAML and, without its comment lines, JSON.
	Lines
	// JSON is apisix.json, for APISIX's json provider, which substitutes ${{…}} after parsing: see [Config.Validate].
	JSON

	formats = iota // how many there are
)

// String returns the word that [ParseFormat] takes: "block", "lines" or "json".
func (f Format) String() string {
	switch f {
	case Block:
		return "block"
	case Lines:
		return "lines"
	case JSON:
		return "json"
	}
	return fmt.Sprintf("Format(%d)", int(f))
}

// ParseFormat turns the flags --format (yaml or json) and --style (block, lines, or empty for block) into a Format.
// JSON has no styles: a style beside it is an error.
func ParseFormat(format, style string) (Format, error) {
	switch {
	case format == "json" && style == "":
		return JSON, nil
	case format == "json":
		return Block, fmt.Errorf("format %q has no styles, got style %q", format, style)
	case format != "yaml":
		return Block, fmt.Errorf("unknown format %q: want yaml or json", format)
	case style == "" || style == "block":
		return Block, nil
	case style == "lines":
		return Lines, nil
	}
	return Block, fmt.Errorf("unknown style %q: want block or lines", style)
}

// comma separates the parts of a value that is written on one line.
func (f Format) comma() string {
	if f == Lines {
		return ","
	}
	return ", "
}

// colon ends a key.
func (f Format) colon() string {
	if f == Lines {
		return ":"
	}
	return ": "
}
