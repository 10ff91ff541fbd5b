package cmd

import (
	"io"
	"testing"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds"
)

func TestChoices(t *testing.T) {
	for _, test := range []struct{ give, want, err string }{
		{give: "json", want: "json"},
		{give: "JSON", want: "json"},
		{give: "", want: ""},
		{give: "xml", err: `unknown value "xml" for --output: it is text, json or markdown`},
		{give: "text: for people", err: `unknown value "text: for people" for --output: it is text, json or markdown`},
	} {
		set := pflag.NewFlagSet("x", pflag.ContinueOnError)
		got := set.String("output", "", "")
		choices(set, "output", "text: for people", "json", "markdown")
		err := set.Parse([]string{"--output", test.give})
		if err != nil {
			err = explain(err, set)
		}
		if *got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%q: got %q, %v", test.give, *got, err)
		}
	}
}

func TestChoicesOfAList(t *testing.T) {
	set := pflag.NewFlagSet("x", pflag.ContinueOnError)
	got := set.StringSlice("ignore", nil, "")
	choices(set, "ignore", "endpoints", "names")
	if err := set.Parse([]string{"--ignore", "names,endpoints", "--ignore=names"}); err != nil || len(*got) != 3 {
		t.Errorf("got %q, %v", *got, err)
	}
	if err := set.Parse([]string{"--ignore", "names,nothing"}); err == nil {
		t.Error("an unknown element is taken")
	}
}

// TestChoicesAreKnown checks that what help and completion offer is what the rest of the program understands.
func TestChoicesAreKnown(t *testing.T) {
	understands := map[string]func(string) error{
		"role":         func(s string) error { _, err := render.ParseRole(s); return err },
		"original-dst": func(s string) error { _, err := render.ParseOriginalDst(s); return err },
		"lua":          func(s string) error { _, err := render.ParseLua(s); return err },
		"ext-authz":    func(s string) error { _, err := render.ParseExtAuthz(s); return err },
		"upstream-tls": func(s string) error { _, err := render.ParseUpstreamTLS(s); return err },
		"strict":       func(s string) error { _, err := parseStrict(s); return err },
		"format":       func(s string) error { _, err := apisix.ParseFormat(s, ""); return err },
		"style":        func(s string) error { _, err := apisix.ParseFormat("yaml", s); return err },
		"xds-mode":     func(s string) error { _, err := xds.ParseMode(s); return err },
		"log-level":    func(s string) error { _, err := (&logFlags{s, "text"}).logger(io.Discard); return err },
		"log-format":   func(s string) error { _, err := (&logFlags{"info", s}).logger(io.Discard); return err },
	}
	for _, c := range []command{once, agentCommand, capture} {
		set, _ := c.declare()
		set.VisitAll(func(f *pflag.Flag) {
			for _, value := range choicesOf(f) {
				understand, ok := understands[f.Name]
				if !ok {
					t.Errorf("%s --%s: nobody says what it understands", c.name, f.Name)
				} else if err := understand(value.term); err != nil {
					t.Errorf("%s --%s %s: %v", c.name, f.Name, value.term, err)
				}
			}
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"once", "agent", "capture", "completion", "validate", "version", "diff"}
	for word, want := range map[string]string{
		"onec": "once", "captrue": "capture", "comp": "completion", "vaildate": "validate", "dif": "diff", "Agent": "agent",
		"v": "", "": "", "serve": "", "x": "", "twice": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
