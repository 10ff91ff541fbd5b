package cmd

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/watch"
)

// A strictness is the mildest severity that makes a command answer no; empty for none.
type strictness render.Severity

func parseStrict(s string) (strictness, error) {
	if s == "" || slices.Contains(render.Severities(), render.Severity(s)) {
		return strictness(s), nil
	}
	return "", fmt.Errorf("unknown severity %q for --strict: it is approximate, dropped or denied", s)
}

// exceeded reports whether there is a finding of that severity or a worse one.
func (s strictness) exceeded(findings []render.Finding) bool {
	limit := slices.Index(render.Severities(), render.Severity(s))
	return limit >= 0 && slices.ContainsFunc(findings, func(f render.Finding) bool {
		return slices.Index(render.Severities(), f.Severity) >= limit
	})
}

// report tells of the findings: as JSON in the file at path, as a table on standard error when path is "-", or as one
// line that counts them when it is empty.
func report(findings []render.Finding, path string, s Streams) error {
	switch {
	case path == "-":
		writeTable(s.Err, findings)
		return nil
	case path != "":
		text, err := reportJSON(findings)
		if err != nil {
			return err
		}
		if _, err := (&watch.File{Path: path}).Write(text); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		return nil
	case len(findings) > 0:
		fmt.Fprintf(s.Err, "amesh-render: %s; --report - lists them\n", counts(findings))
	}
	return nil
}

// reportJSON is the report for programs: how many findings there are of each severity, and all of them.
func reportJSON(findings []render.Finding) ([]byte, error) {
	counts := map[render.Severity]int{}
	for _, severity := range render.Severities() {
		counts[severity] = countOf(findings, severity)
	}
	if findings == nil {
		findings = []render.Finding{}
	}
	var b strings.Builder
	err := writeJSON(&b, struct {
		Counts   map[render.Severity]int `json:"counts"`
		Findings []render.Finding        `json:"findings"`
	}{counts, findings})
	return []byte(b.String()), err
}

// counts is "3 findings: 1 denied, 2 dropped".
func counts(findings []render.Finding) string {
	var parts []string
	for _, severity := range slices.Backward(render.Severities()) {
		if n := countOf(findings, severity); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	noun := "findings"
	if len(findings) == 1 {
		noun = "finding"
	}
	return strings.TrimSuffix(fmt.Sprintf("%d %s: %s", len(findings), noun, strings.Join(parts, ", ")), ": ")
}

// writeTable lists the findings for a person: how many of each kind of resource and severity; then, kind by kind, those of
// one cause together, worst first.
func writeTable(w io.Writer, findings []render.Finding) {
	kinds := map[string][]render.Finding{}
	for _, f := range findings {
		kind, _, _ := strings.Cut(f.Resource, "/")
		kinds[kind] = append(kinds[kind], f)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	noun := "findings"
	if len(findings) == 1 {
		noun = "finding"
	}
	fmt.Fprintf(t, "%d %s", len(findings), noun)
	for _, severity := range slices.Backward(render.Severities()) {
		fmt.Fprintf(t, "\t%s", severity)
	}
	fmt.Fprintln(t)
	names := slices.SortedFunc(maps.Keys(kinds), func(a, b string) int {
		return cmp.Or(cmp.Compare(kindOrder(a), kindOrder(b)), cmp.Compare(a, b))
	})
	for _, kind := range names {
		fmt.Fprintf(t, "  %s", kindTitle(kind))
		for _, severity := range slices.Backward(render.Severities()) {
			fmt.Fprintf(t, "\t%d", countOf(kinds[kind], severity))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	for _, kind := range names {
		fmt.Fprintf(w, "\n%s\n", kindTitle(kind))
		writeCauses(w, kinds[kind])
	}
}

// The kinds of resources that findings are about, in the order in which a request meets them, and their titles.
var reportKinds = [][2]string{
	{"listener", "Listeners"}, {"route_config", "Route configurations"}, {"cluster", "Clusters"}, {"endpoints", "Endpoints"},
	{"secret", "Secrets"}, {"route", "APISIX routes"}, {"upstream", "APISIX upstreams"},
}

func kindOrder(kind string) int {
	i := slices.IndexFunc(reportKinds, func(k [2]string) bool { return k[0] == kind })
	if i < 0 {
		return len(reportKinds)
	}
	return i
}

func kindTitle(kind string) string {
	if i := kindOrder(kind); i < len(reportKinds) {
		return reportKinds[i][1]
	}
	return printable.Line(kind)
}

func countOf(findings []render.Finding, severity render.Severity) int {
	n := 0
	for _, f := range findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// writeCauses lists findings: worst first, those of one cause together.
func writeCauses(w io.Writer, findings []render.Finding) {
	type cause struct {
		severity render.Severity
		message  string
	}
	places := map[cause][]string{}
	var causes []cause
	for _, f := range findings {
		c := cause{f.Severity, f.Message}
		if places[c] == nil {
			causes = append(causes, c)
		}
		places[c] = append(places[c], printable.Line(strings.TrimSuffix(f.Resource+": "+f.Field, ": ")))
	}
	slices.SortStableFunc(causes, func(a, b cause) int {
		return cmp.Or(
			-cmp.Compare(slices.Index(render.Severities(), a.severity), slices.Index(render.Severities(), b.severity)),
			-cmp.Compare(len(places[a]), len(places[b])))
	})
	for _, c := range causes {
		fmt.Fprintf(w, "  %-11s  %s\n", c.severity, printable.Line(c.message))
		for i, place := range places[c] {
			if i == 3 && len(places[c]) > 4 {
				fmt.Fprintf(w, "                 … and %d more\n", len(places[c])-i)
				break
			}
			fmt.Fprintf(w, "                 %s\n", place)
		}
	}
}
