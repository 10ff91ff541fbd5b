package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// An Overlay is a template of APISIX objects of the user's own.
type Overlay struct {
	Name     string
	template *template.Template
}

// A Node is what a template knows of whose configuration it adds to, as .node.
type Node struct {
	ID, Cluster, Role         string
	Name, Namespace           string // of the pod
	ServiceAccount            string
	IPs                       []string
	Labels                    map[string]string
	Metadata                  map[string]any
	OutboundPort, InboundPort int // of APISIX
}

// ParseOverlay reads a template. An error is an *Error.
func ParseOverlay(name string, text []byte) (*Overlay, error) {
	t, err := template.New("overlay").Option("missingkey=zero").Funcs(functions(new(budget))).Parse(string(text))
	if err != nil {
		return nil, templateError(name, err)
	}
	for _, one := range t.Templates() {
		if one.Tree != nil {
			count(one.Root)
		}
	}
	return &Overlay{Name: name, template: t}, nil
}

// count has every template and every turn of a loop call step, which ends those that do not end by themselves.
func count(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.RangeNode:
			count(n.List)
			count(n.ElseList)
		case *parse.IfNode:
			inner(n.List, n.ElseList)
		case *parse.WithNode:
			inner(n.List, n.ElseList)
		}
	}
	list.Nodes = append([]parse.Node{stepNode.Copy()}, list.Nodes...)
}

// inner counts the loops in the branches of a condition.
func inner(branches ...*parse.ListNode) {
	for _, list := range branches {
		count(list)
	}
}

// stepNode is the call of step.
var stepNode = template.Must(template.New("").Funcs(functions(new(budget))).Parse("{{step}}")).Root.Nodes[0]

// Expand fills the template in for a node, and returns its objects by section, in the order of the text. An error is an
// *Error; Problems are objects and sections that cannot be used.
func (o *Overlay) Expand(node Node) (map[string][]apisix.Object, []Problem, error) {
	t, err := o.template.Clone()
	if err != nil {
		return nil, nil, &Error{File: o.Name, Err: err}
	}
	out := &limited{}
	if err := t.Funcs(functions(new(budget))).Execute(out, node.data()); err != nil {
		return nil, nil, templateError(o.Name, err)
	}
	if i := bytes.Index(out.Bytes(), []byte("<no value>")); i >= 0 {
		line := 1 + bytes.Count(out.Bytes()[:i], []byte("\n"))
		return nil, nil, &Error{File: o.Name, Err: fmt.Errorf("there is no value for what is on line %d once it is filled in; "+
			"give it one by default", line)}
	}
	return o.read(out.Bytes())
}

// data is what a template sees.
func (n Node) data() map[string]any {
	labels := n.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	metadata := n.Metadata
	if metadata == nil {
		metadata = map[string]any{}
	}
	return map[string]any{"node": map[string]any{
		"id": n.ID, "cluster": n.Cluster, "role": n.Role, "name": n.Name, "namespace": n.Namespace,
		"serviceAccount": n.ServiceAccount, "ips": n.IPs, "labels": labels, "metadata": metadata,
		"outboundPort": n.OutboundPort, "inboundPort": n.InboundPort,
	}}
}

// limited is a buffer that refuses to grow beyond maxOutput.
type limited struct{ bytes.Buffer }

func (w *limited) Write(p []byte) (int, error) {
	if w.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("the text is longer than %d bytes", maxOutput)
	}
	return w.Buffer.Write(p)
}

// read reads the text that a template has become. Of several documents, all count.
func (o *Overlay) read(text []byte) (map[string][]apisix.Object, []Problem, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	v := &values{left: maxValues}
	sections := map[string][]apisix.Object{}
	var problems []Problem
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return sections, problems, nil
		}
		if err != nil {
			e := yamlError(o.Name, "once it is filled in, it is not YAML: ", err)
			if e.Line > 0 {
				e.Line, e.Err = 0, fmt.Errorf("%w (line %d of what it is then)", e.Err, e.Line)
			}
			return nil, nil, e
		}
		more, err := v.sections(&doc, sections)
		if err != nil {
			return nil, nil, placed(o.Name, err)
		}
		problems = append(problems, more...)
	}
}

// sections adds the objects of a document.
func (v *values) sections(doc *yaml.Node, into map[string][]apisix.Object) ([]Problem, error) {
	n := resolve(doc.Content[0])
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil, nil
	}
	pairs, err := pairsOf(n, "")
	if err != nil {
		return nil, err
	}
	var problems []Problem
	for _, p := range pairs {
		if !slices.Contains(apisix.Sections, p.key) {
			problems = append(problems, Problem{Lost: true, Field: p.key, Message: "APISIX reads no such section of " +
				"objects from a file"})
			continue
		}
		list := resolve(p.value)
		if list.Kind == yaml.ScalarNode && list.Tag == "!!null" {
			continue
		}
		if list.Kind != yaml.SequenceNode {
			return nil, failAt(list, p.key, "is %s, not a list of objects", describe(list))
		}
		for i, item := range list.Content {
			path := fmt.Sprintf("%s[%d]", p.key, i)
			object, err := v.object(item, path)
			if err != nil {
				return nil, err
			}
			if why := wrongID(p.key, object.ID(p.key)); why != "" {
				problems = append(problems, Problem{Lost: true, Field: path, Message: why})
				continue
			}
			into[p.key] = append(into[p.key], object)
		}
	}
	return problems, nil
}

// idForm is the form of ids that APISIX takes, in its schema_def.lua; of secrets, with the kind of store before a slash.
var idForm = regexp.MustCompile(`^[a-zA-Z0-9-_.]{1,64}$`)

// wrongID says why an object of a section cannot have an id.
func wrongID(section, id string) string {
	if _, name, ok := strings.Cut(id, "/"); ok && section == "secrets" {
		id = name
	}
	switch {
	case id == "":
		return "the object has no id"
	case !idForm.MatchString(id) && section != "consumers":
		return fmt.Sprintf("the id %q is not of at most 64 letters, digits, '-', '_' and '.'", id)
	}
	return ""
}

func (v *values) object(n *yaml.Node, path string) (apisix.Object, error) {
	if resolve(n).Kind != yaml.MappingNode {
		return nil, failAt(n, path, "is %s, not an object", describe(resolve(n)))
	}
	x, err := v.value(n, path)
	if err != nil {
		return nil, err
	}
	return x.(map[string]any), nil
}

// templateLine is how package template says where something is.
var templateLine = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: (?:executing "[^"]*" at )?`)

func templateError(name string, err error) *Error {
	e := &Error{File: name, Err: err}
	if at := templateLine.FindStringSubmatch(err.Error()); at != nil {
		e.Line, _ = strconv.Atoi(at[1])
		e.Err = errors.New(strings.TrimPrefix(err.Error(), at[0]))
	}
	return e
}
