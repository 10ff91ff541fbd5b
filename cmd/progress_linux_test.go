package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal opens a terminal of so many columns: what it is written to, and what is seen there.
func openTerminal(t *testing.T, width uint16) (terminal, screen *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width})
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal, screen
}

func TestProgressFitsTheTerminal(t *testing.T) {
	terminal, screen := openTerminal(t, 19)
	decodeWith(t, new(progress), terminal, 3*time.Second)
	want := "\rreading: 0.0 MB, 1\x1b[K\r\x1b[K"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(screen, got); err != nil || string(got) != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

func TestProgressIsForPeopleAtTerminals(t *testing.T) {
	terminal, _ := openTerminal(t, 80)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, test := range []struct {
		name string
		w    io.Writer
		env  map[string]string
		want bool
	}{
		{"terminal", terminal, map[string]string{"TERM": "xterm"}, true},
		{"without colours", terminal, map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, true},
		{"dumb terminal", terminal, map[string]string{"TERM": "dumb"}, false},
		{"unknown terminal", terminal, nil, false},
		{"CI", terminal, map[string]string{"TERM": "xterm", "CI": "true"}, false},
		{"null", null, map[string]string{"TERM": "xterm"}, false},
		{"no file", new(bytes.Buffer), map[string]string{"TERM": "xterm"}, false},
		{"nothing", nil, map[string]string{"TERM": "xterm"}, false},
	} {
		if got := showsProgress(test.w, func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	var p progress
	p.count(terminal)
	if !p.typed {
		t.Error("who types a dump would see the progress between the lines")
	}
}
