package cmd

import (
	"bytes"
	"os"
	"testing"
)

func TestColoursAreForTerminals(t *testing.T) {
	env := func(name, value string) func(string) string {
		return func(asked string) string {
			if asked == name {
				return value
			}
			return ""
		}
	}
	if colours(&bytes.Buffer{}, env("", "")).on {
		t.Error("there are colours in a buffer")
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if colours(file, env("", "")).on {
		t.Error("there are colours in a file")
	}
	device, err := os.Open(os.DevNull) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if !colours(device, env("", "")).on {
		t.Error("there are no colours on a terminal")
	}
	for _, variable := range [][2]string{{"NO_COLOR", "1"}, {"TERM", "dumb"}} {
		if colours(device, env(variable[0], variable[1])).on {
			t.Errorf("%s=%s: there are colours", variable[0], variable[1])
		}
	}
	if got := (palette{true}).red("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := (palette{}).red("x"); got != "x" {
		t.Errorf("without colours: got %q", got)
	}
}
