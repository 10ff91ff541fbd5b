// Package plugins reads what users add to the mesh's routes: AmeshPluginConfig manifests (apisix.apache.org/v1alpha1), as
// Amesh's users write them, and overlays, templates of APISIX objects of their own.
//
// In goes the text of files, out come Configs and Overlays, and Problems: what of them has no effect. It decides which
// configurations are for a pod and for a route, and what several of them come to together. It does no I/O and knows
// nothing of Envoy; package render puts the result on routes.
package plugins

import (
	"cmp"
	"fmt"

	"github.com/amesh-render/amesh-render/internal/printable"
)

// A Config is one AmeshPluginConfig.
type Config struct {
	// File and Line are where it stands.
	File string
	Line int
	// Namespace is metadata.namespace; empty for the namespace of the pod that reads it, as kubectl would have it.
	Namespace string
	Name      string
	Plugins   []Plugin
	// Selector chooses pods; nil chooses all of the namespace.
	Selector *Selector
	// Targets are alternatives of which one must hold for a route to get the plugins; none means all routes.
	Targets []Target
	// Global asks for a global rule in place of plugins on routes: for all requests, those without a route included.
	Global bool
	// Metadata is the plugin_metadata of plugins, by their names.
	Metadata map[string]map[string]any
	// Disabled leaves all of it out.
	Disabled bool
	// Problems are what of it has no effect.
	Problems []Problem
}

// A Plugin is one entry of spec.plugins.
type Plugin struct {
	Name string
	// Type is empty for a plugin of APISIX, else PreReq or PostReq: Name is then a plugin of an external runner.
	Type string
	// Config is the configuration of a plugin of APISIX, as encoding/json would decode it, whole numbers as int.
	Config map[string]any
	// Value is that of a runner's plugin: any text.
	Value string
}

// The types of plugins that run in an external runner: before APISIX's own, and after them.
const (
	PreReq  = "pre-req"
	PostReq = "post-req"
)

// runnerPlugins are APISIX's plugins that call the runner.
var runnerPlugins = map[string]string{PreReq: "ext-plugin-pre-req", PostReq: "ext-plugin-post-req"}

// A Problem is something in a file that has no effect, or not all that it says.
type Problem struct {
	// Lost says that it has none.
	Lost    bool
	Field   string // its path in the manifest: "spec.plugins[0].conf"
	Message string
}

// A File is the manifests of one file, in its order.
type File struct {
	Name     string
	Configs  []*Config
	Problems []Problem // of the file itself: what in it is passed over
}

// A Set is all that users have given.
type Set struct {
	Files    []*File
	Overlays []*Overlay
	// Broken names files that cannot be read or understood, and why. What such a file held before, if anything, is
	// among the rest.
	Broken []*Error
}

// Empty reports whether there is nothing in s, which may be nil.
func (s *Set) Empty() bool { return s == nil || len(s.Files)+len(s.Overlays)+len(s.Broken) == 0 }

// An Error is why a file cannot be understood.
type Error struct {
	File string
	Line int    // from 1; 0 for the whole file
	Path string // in the file: "spec.plugins[0].config"; may be empty
	Err  error
}

func (e *Error) Error() string {
	text := e.File
	if e.Line > 0 {
		text += fmt.Sprintf(":%d", e.Line)
	}
	if e.Path != "" {
		text += ": " + e.Path
	}
	return printable.Line(text + ": " + e.Err.Error())
}

func (e *Error) Unwrap() error { return e.Err }

// compare orders configurations as they are merged: by namespace and name, then by where they stand.
func (c *Config) compare(d *Config) int {
	return cmp.Or(cmp.Compare(c.Namespace, d.Namespace), cmp.Compare(c.Name, d.Name), cmp.Compare(c.File, d.File),
		cmp.Compare(c.Line, d.Line))
}
