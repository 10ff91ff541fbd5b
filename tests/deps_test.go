// Package tests holds the tests that look at the project as a whole.
package tests

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/amesh-render/amesh-render/"

// forbidden says what a package must not import, itself or through packages of this module; a name that ends in "/"
// stands for all below it. It is the architecture: data and pure functions in the middle, I/O at the edges. Do not argue
// with it; move the code.
var forbidden = map[string][]string{
	"xds":             {module + "render/", module + "watch", module + "agent", module + "cmd/"},
	"xds/replay":      {module + "render/", module + "watch", module + "agent", module + "cmd/"},
	"xds/encoded":     {"google.golang.org/grpc/", "github.com/", "os", "net", "log/", module},
	"agent":           {module + "cmd/"},
	"xds/snapshot":    {"google.golang.org/grpc/", "os", "net", module + "render/", module + "watch/", module + "cmd/"},
	"plugins":         {"google.golang.org/", "github.com/envoyproxy/", "os", "net", "log/", "github.com/fsnotify/", module + "xds/", module + "watch", module + "agent", module + "cmd/"},
	"render":          {"google.golang.org/grpc/", "os", "net", "log/", "github.com/fsnotify/", module + "watch/", module + "cmd/"},
	"render/apisix":   {"os", "net", "log/", "github.com/", "google.golang.org/", "gopkg.in/", module},
	"watch":           {"google.golang.org/", module},
	"model":           {"google.golang.org/", "os", "net", module},
	"model/envoy":     {"google.golang.org/grpc/", "os", "net", module + "render/", module + "watch/", module + "cmd/"},
	"model/apisix":    {"google.golang.org/", "os", "net", module + "xds/", module + "watch/", module + "cmd/"},
	"standalone":      {"google.golang.org/", "os", "net", "log/", module + "render", module + "xds/", module + "watch/", module + "cmd/"},
	"validate":        {"google.golang.org/", "os", "net", "log/", module + "render", module + "xds/", module + "watch/", module + "cmd/"},
	"templates":       {"google.golang.org/", "github.com/", "gopkg.in/", "os", "net", "log/"},
	"diff":            {"google.golang.org/grpc/", "os", "net", "log/", module + "watch", module + "agent", module + "cmd/"},
	"traffic":         {"google.golang.org/", "os", "net", "log/", module + "xds/", module + "watch", module + "agent", module + "cmd/"},
	"match":           {"google.golang.org/grpc/", "os", "net", "log/", module + "watch", module + "agent", module + "cmd/"},
	"intercept":       {"os", "net", "log/", "github.com/", "google.golang.org/", "gopkg.in/"},
	"intercept/rules": {"os", "net", "log/", "google.golang.org/", "github.com/envoyproxy/", module + "render", module + "xds/", module + "netfilter", module + "cmd/"},
	"netfilter":       {"google.golang.org/", "github.com/envoyproxy/", module + "render", module + "xds/", module + "cmd/"},
	"internal/":       {module + "cmd/"},
	"internal/mesh":   {"google.golang.org/grpc/", "os", "net", module + "render/", module + "watch", module + "agent", module + "cmd/"},
}

func TestImports(t *testing.T) {
	imports := listImports(t)
	for rule, banned := range forbidden {
		met := false
		for pkg := range imports {
			if within(pkg, module+rule) {
				met = true
				checkImports(t, imports, pkg, banned)
			}
		}
		if !met {
			t.Errorf("the rule for %s is about no package", rule)
		}
	}
}

// within reports whether an import path is the one of a rule, or below it where the rule ends in "/".
func within(path, rule string) bool {
	return path == strings.TrimSuffix(rule, "/") || strings.HasSuffix(rule, "/") && strings.HasPrefix(path, rule)
}

// checkImports fails for each banned import of pkg and of what it imports of this module.
func checkImports(t *testing.T, imports map[string][]string, pkg string, banned []string) {
	seen := map[string]bool{pkg: true}
	for queue := []string{pkg}; len(queue) > 0; queue = queue[1:] {
		for _, imported := range imports[queue[0]] {
			if slices.ContainsFunc(banned, func(rule string) bool { return within(imported, rule) }) {
				t.Errorf("%s must not import %s (by %s)", pkg, imported, queue[0])
			}
			if strings.HasPrefix(imported, module) && !seen[imported] {
				seen[imported] = true
				queue = append(queue, imported)
			}
		}
	}
}

// listImports is the imports of every package of the module, those of tests left out.
func listImports(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		imports[fields[0]] = fields[1:]
	}
	return imports
}
