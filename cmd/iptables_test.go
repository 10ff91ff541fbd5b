package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/intercept"
)

// What the page says is TCP unless a list says otherwise is what is.
func TestDefaultPortsInDocs(t *testing.T) {
	_, section, _ := strings.Cut(interceptionPage(t), "## HTTP or TCP")
	var ports []string
	for _, row := range regexp.MustCompile(`(?m)^\| [A-Za-z ,]+ \| ([0-9][0-9, –]+) \|$`).FindAllStringSubmatch(section, -1) {
		ports = append(ports, strings.ReplaceAll(row[1], "–", "-"))
	}
	documented, err := intercept.Parse(strings.Join(ports, ","))
	if err != nil {
		t.Fatal(err)
	}
	known, err := intercept.Parse(intercept.DefaultTCP)
	if err != nil {
		t.Fatal(err)
	}
	if documented.String() != known.String() {
		t.Errorf("the page says\n%s\nbut there is\n%s", documented, known)
	}
}

// The page names every flag of the command that is not of the command line alone, and every annotation beside its flag.
func TestFlagsInDocs(t *testing.T) {
	page := interceptionPage(t)
	set, _ := iptables.declare()
	set.VisitAll(func(f *pflag.Flag) {
		if !strings.Contains(page, "`--"+f.Name) && !strings.Contains(page, "--"+f.Name+" ") {
			t.Errorf("no --%s in the page", f.Name)
		}
	})
	for _, a := range append(istioAnnotations, portAnnotations...) {
		row := regexp.MustCompile("(?m)^\\| `--" + a.flag + "`(, `-.`)? \\| `" + regexp.QuoteMeta(a.key) + "` \\|")
		if set.Lookup(a.flag) == nil || !row.MatchString(page) {
			t.Errorf("no flag --%s with the annotation %s in the page", a.flag, a.key)
		}
	}
}

func interceptionPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/interception.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
