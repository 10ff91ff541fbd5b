package cmd

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestManualPages has groff set all pages, of which it must complain of nothing, and nothing must be lost.
func TestManualPages(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("there is no groff here: manual pages are not set")
	}
	pages := [][]string{{"help", "--man"}}
	for _, c := range commands() {
		pages = append(pages, []string{"help", c.name, "--man"})
	}
	words := regexp.MustCompile(`[^\s:]+`)
	for _, args := range pages {
		_, source, _ := runCommand(t, args...)
		_, text, _ := runCommand(t, args[:len(args)-1]...)
		var out, errs strings.Builder
		c := exec.Command(groff, "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou")
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader(source), &out, &errs
		if err := c.Run(); err != nil || errs.String() != "" {
			t.Errorf("%q: %v\n%s", args, err, &errs)
		}
		set := strings.ToLower(strings.Join(strings.Fields(out.String()), ""))
		for _, word := range words.FindAllString(text, -1) {
			if word != "Usage" && !strings.Contains(set, strings.ToLower(word)) {
				t.Errorf("%q: %q is lost", args, word)
			}
		}
	}
}
