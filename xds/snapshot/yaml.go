package snapshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// maxYAML is how long a YAML text may be. Unlike JSON it is held in memory as a tree, at about fifty times the size.
	maxYAML = 64 << 20
	// maxAliased is how many bytes the aliases of one document may stand for; without a limit, a few lines stand for
	// terabytes.
	maxAliased = 16 << 20
	// aliasedValue is how many bytes a value counts for besides its text.
	aliasedValue = 16
	// maxYAMLDepth is how deep values may nest, through aliases too: an anchor may contain an alias to itself.
	maxYAMLDepth = 1000
)

// readYAML decodes the documents of a YAML text, by way of JSON. Empty ones are skipped.
func (r *reader) readYAML(in *bufio.Reader) error {
	limited := &io.LimitedReader{R: in, N: maxYAML}
	documents := yaml.NewDecoder(limited)
	for empty := true; ; {
		var root yaml.Node
		err := documents.Decode(&root)
		switch {
		case limited.N <= 0:
			return fmt.Errorf("%s: more than %d MiB of YAML; give it as JSON", r.source, maxYAML>>20)
		case err == io.EOF && empty:
			return fmt.Errorf("%s: found nothing but empty documents; %s", r.source, expected)
		case err == io.EOF:
			return nil
		case err != nil:
			return r.yamlError(err)
		}
		y := yamlText{}
		if err := y.node(&root, 0); err != nil {
			return fmt.Errorf("%s:%w", r.source, err)
		}
		if y.json.String() == "null" {
			continue
		}
		empty = false
		r.lines = &lineReader{r: &y.json}
		if err := r.documents(&y.places); err != nil {
			return err
		}
	}
}

// yamlLine is the form of yaml.v3's syntax errors.
var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)`)

func (r *reader) yamlError(err error) error {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: YAML: %s", r.source, m[1], m[2])
	}
	var z *gzipError
	if errors.As(err, &z) {
		return z
	}
	return fmt.Errorf("%s: YAML: %s", r.source, strings.TrimPrefix(err.Error(), "yaml: "))
}

// yamlText is a YAML document as JSON, and where each value came from.
type yamlText struct {
	json    bytes.Buffer
	places  yamlPlaces
	aliases int // how many aliases we are in
	aliased int // how many bytes have been written from aliases, nearly
}

// yamlPlaces are the places of values in a YAML text, by their offset in the JSON text.
type yamlPlaces []yamlPlace

type yamlPlace struct{ offset, line, column int }

func (p *yamlPlaces) locate(offset int64) (line, column int) {
	i := sort.Search(len(*p), func(i int) bool { return int64((*p)[i].offset) > offset })
	if i == 0 {
		return 1, 1
	}
	return (*p)[i-1].line, (*p)[i-1].column
}

func yamlErrorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%d:%d: YAML: %w", n.Line, n.Column, fmt.Errorf(format, args...))
}

// node writes a node as JSON.
func (y *yamlText) node(n *yaml.Node, depth int) error {
	if depth > maxYAMLDepth {
		return yamlErrorf(n, "values nest deeper than %d", maxYAMLDepth)
	}
	if y.aliases > 0 {
		y.aliased += len(n.Value) + aliasedValue
		for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
			y.aliased += len(n.Content[i].Value)
		}
	}
	if y.aliased > maxAliased {
		return yamlErrorf(n, "aliases stand for more than %d MiB", maxAliased>>20)
	}
	y.places = append(y.places, yamlPlace{y.json.Len(), n.Line, n.Column})
	switch n.Kind {
	case yaml.DocumentNode:
		return y.node(n.Content[0], depth)
	case yaml.AliasNode:
		y.aliases++
		defer func() { y.aliases-- }()
		return y.node(n.Alias, depth+1)
	case yaml.SequenceNode:
		return y.sequence(n, depth)
	case yaml.MappingNode:
		return y.mapping(n, depth)
	}
	return y.scalar(n)
}

func (y *yamlText) sequence(n *yaml.Node, depth int) error {
	y.json.WriteByte('[')
	for i, e := range n.Content {
		if i > 0 {
			y.json.WriteByte(',')
		}
		if err := y.node(e, depth+1); err != nil {
			return err
		}
	}
	y.json.WriteByte(']')
	return nil
}

func (y *yamlText) mapping(n *yaml.Node, depth int) error {
	y.json.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return yamlErrorf(key, "found a key that is a merge, an alias or not a scalar, expected a string")
		}
		if i > 0 {
			y.json.WriteByte(',')
		}
		y.places = append(y.places, yamlPlace{y.json.Len(), key.Line, key.Column})
		y.str(key.Value)
		y.json.WriteByte(':')
		if err := y.node(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	y.json.WriteByte('}')
	return nil
}

// scalar writes a scalar: null, booleans and numbers as such, everything else, timestamps too, as a string.
func (y *yamlText) scalar(n *yaml.Node) error {
	switch n.ShortTag() {
	case "!!null":
		y.json.WriteString("null")
	case "!!bool", "!!int":
		var v any
		if err := n.Decode(&v); err != nil {
			return yamlErrorf(n, "%w", err)
		}
		fmt.Fprint(&y.json, v)
	case "!!float":
		var v float64
		if err := n.Decode(&v); err != nil {
			return yamlErrorf(n, "%w", err)
		}
		y.float(v)
	default:
		y.str(n.Value)
	}
	return nil
}

// float writes a number, or what protobuf's JSON has in place of those that JSON has not.
func (y *yamlText) float(v float64) {
	switch {
	case math.IsNaN(v):
		y.str("NaN")
	case math.IsInf(v, 1):
		y.str("Infinity")
	case math.IsInf(v, -1):
		y.str("-Infinity")
	default:
		y.json.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	}
}

func (y *yamlText) str(s string) {
	b, _ := json.Marshal(s) // a string always has a JSON form
	y.json.Write(b)
}
