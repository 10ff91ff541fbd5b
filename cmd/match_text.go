package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
)

// How much of a list is shown without --all.
const (
	shownOutcomes = 8
	shownNodes    = 6
	shownFindings = 3
)

// matchText tells an answer to a person.
type matchText struct {
	strings.Builder
	palette
	all bool
}

// line writes one line: everything in it comes from the input, and must not play tricks on a terminal.
func (t *matchText) line(format string, args ...any) {
	fmt.Fprintf(t, strings.TrimRight(format, " ")+"\n", args...)
}

// field writes a named value below a proxy's line.
func (t *matchText) field(name, value string) {
	if value != "" {
		t.line("  %s  %s", t.dim(fmt.Sprintf("%-9s", name)), value)
	}
}

func (t *matchText) answer(a *match.Answer) {
	t.request(a.Request)
	for _, text := range a.Assumed {
		t.line("%s %s", t.yellow("note:"), printable.Line(text))
	}
	t.line("")
	t.proxy("APISIX", "", &a.APISIX, true)
	if a.Envoy == nil {
		return
	}
	t.line("")
	mark := map[string]string{match.Same: t.green("="), match.Different: t.red("≠"), match.Undecided: t.yellow("?")}[a.Comparison]
	t.proxy("Envoy", mark, a.Envoy, t.all || a.Comparison != match.Same)
	for _, d := range a.Differences {
		t.line("")
		t.difference(d)
	}
}

func (t *matchText) request(r match.Request) {
	t.line("%s", t.bold(printable.Line(r.Method+" "+r.Scheme+"://"+r.Authority+r.Target)))
	for _, h := range r.Headers {
		t.line("  %s", printable.Line(h.Name+": "+h.Value))
	}
	way := "to the gateway's port " + strconv.Itoa(int(r.Port))
	if r.Direction != "" {
		way = r.Direction + ", dialled to " + r.Destination
	}
	way += ", from " + r.Client
	if r.Protocol == "h2" {
		way += ", over HTTP/2"
	}
	if r.Random != nil {
		way += ", with the random number " + strconv.FormatUint(*r.Random, 10)
	}
	t.line("  %s", t.dim(way))
}

// proxy tells what one of the proxies does; full is to tell also what upstream and client receive.
func (t *matchText) proxy(name, mark string, e *match.Explanation, full bool) {
	head := fmt.Sprintf("%-7s", name)
	if mark != "" {
		head = fmt.Sprintf("%-6s", name) + mark
	}
	if len(e.Outcomes) > 1 {
		t.line("%s %s", t.bold(head), "it depends on random numbers: "+strings.Join(e.Draws, "; "))
	}
	route := ""
	for i := range e.Outcomes {
		if i == shownOutcomes && len(e.Outcomes) > shownOutcomes+1 && !t.all {
			t.line("%s", t.dim(fmt.Sprintf("         %d more outcomes (--all shows them)", len(e.Outcomes)-i)))
			return
		}
		o := &e.Outcomes[i]
		if len(e.Outcomes) > 1 {
			head = fmt.Sprintf("%6s %%", strconv.FormatFloat(o.Share, 'f', -1, 64))
		}
		t.line("%s %s", t.bold(head), t.summary(o))
		if full {
			t.received(o, i == 0 || !sameReceived(o, &e.Outcomes[0]))
		}
		if i == 0 || o.Route == nil || o.Route.Path != route {
			t.route(o)
		}
		if o.Route != nil {
			route = o.Route.Path
		}
	}
}

// summary is what becomes of the request, in one line.
func (t *matchText) summary(o *match.Outcome) string {
	switch o.Kind {
	case model.Routed.String(), model.Tunnelled.String():
		text := o.Kind
		if o.Upstream != nil {
			text += " to " + printable.Line(o.Upstream.Name)
		}
		if o.Kind == model.Tunnelled.String() {
			text += ", byte by byte"
		}
		if o.Status != 0 {
			return t.yellow(text+": "+strconv.Itoa(o.Status)) + " (" + printable.Line(o.Reason) + ")"
		}
		return t.green(text)
	case model.Answered.String():
		text := t.yellow("answered " + strconv.Itoa(o.Status))
		if o.By != "" {
			return text + " by " + printable.Line(o.By)
		}
		return text + " (" + printable.Line(o.Reason) + ")"
	case model.NoRoute.String():
		return t.red("no route: "+strconv.Itoa(o.Status)) + " (" + printable.Line(o.Reason) + ")"
	}
	return t.red(o.Kind) + ": " + printable.Line(o.Reason)
}

// received is what upstream and client receive, in full or only what differs among outcomes that are alike.
func (t *matchText) received(o *match.Outcome, full bool) {
	if o.Upstream != nil {
		t.field("nodes", t.nodes(o.Upstream))
	}
	if o.Delay > 0 {
		t.field("delay", strconv.FormatFloat(o.Delay, 'f', -1, 64)+" s")
	}
	if !full {
		return
	}
	t.field("body", quoted(o.Body))
	t.field("path", printable.Line(o.Path))
	t.field("host", printable.Line(o.Host))
	for _, h := range o.RequestHeaders {
		t.field("request", printable.Line(strings.TrimSuffix(h.Change+" "+h.Name+": "+h.Value, ": ")))
	}
	for _, h := range o.ResponseHeaders {
		t.field("response", printable.Line(h.Name+": "+h.Value))
	}
}

func sameReceived(a, b *match.Outcome) bool {
	return a.Body == b.Body && a.Path == b.Path && a.Host == b.Host &&
		fmt.Sprint(a.RequestHeaders, a.ResponseHeaders) == fmt.Sprint(b.RequestHeaders, b.ResponseHeaders)
}

// quoted is a body for one line.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	return shortened(strconv.Quote(s), 100)
}

// shortened is s, cut where it is longer than so many characters.
func shortened(s string, length int) string {
	if utf8.RuneCountInString(s) <= length {
		return s
	}
	return string([]rune(s)[:length-1]) + "…"
}

func (t *matchText) nodes(u *match.Upstream) string {
	switch {
	case !u.Known:
		return t.yellow("there is no cluster of that name")
	case u.Dialled:
		return "the address that the client dialled"
	case u.Discovered:
		return t.yellow("known at run time only, by service discovery")
	case len(u.Nodes) == 0:
		return t.yellow("none")
	case len(u.Nodes) > shownNodes && !t.all:
		return printable.Line(strings.Join(u.Nodes[:shownNodes-1], ", ")) + fmt.Sprintf(" and %d more", len(u.Nodes)-shownNodes+1)
	}
	return printable.Line(strings.Join(u.Nodes, ", "))
}

// difference tells one difference, and what announces it.
func (t *matchText) difference(d match.Difference) {
	t.line("%s %s", t.red("≠"), t.bold(d.Aspect))
	t.field("Envoy", shown(d.Envoy))
	t.field("APISIX", shown(d.APISIX))
	for i, f := range d.Findings {
		if i == shownFindings && !t.all && len(d.Findings) > shownFindings+1 {
			t.field(" ", t.dim(fmt.Sprintf("%d more findings (--all shows them)", len(d.Findings)-i)))
			break
		}
		t.finding(f)
	}
	t.field("because", printable.Line(d.Note))
	if len(d.Findings) == 0 && d.Note == "" {
		t.field("finding", "none announces it: docs/limits.md has what differs whatever the configuration is")
	}
}

// shown is a value that may be empty.
func shown(s string) string {
	if s == "" {
		return "none"
	}
	return printable.Line(s)
}

func (t *matchText) finding(f render.Finding) {
	t.field("finding", printable.Line(string(f.Severity)+": "+f.Message))
	t.field(" ", t.dim(printable.Line(strings.TrimSuffix(f.Resource+": "+f.Field, ": "))))
}
