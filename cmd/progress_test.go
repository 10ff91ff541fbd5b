package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

func TestProgressLine(t *testing.T) {
	for _, test := range []struct {
		read, total, resources int64
		elapsed                time.Duration
		want                   string
	}{
		{0, 129_854_483, 0, time.Second, "reading: 0.0 of 129.9 MB, 0 resources, 1s"},
		{45_250_000, 129_854_483, 1, 1999 * time.Millisecond, "reading: 45.2 of 129.9 MB, 1 resource, 1s"},
		{129_854_483, 129_854_483, 21_633, 65 * time.Second, "reading: 129.9 of 129.9 MB, 21633 resources, 1m5s"},
		{45_250_000, 0, 7, 2 * time.Second, "reading: 45.2 MB, 7 resources, 2s"},
		{200_000_000, 129_854_483, 7, 2 * time.Second, "reading: 200.0 MB, 7 resources, 2s"}, // it has grown since
	} {
		if got := progressLine(test.read, test.total, test.resources, test.elapsed); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

const clusterDump = `{"static_clusters":[{"cluster":{"name":"a","type":"EDS"}}]}`

// decodeWith decodes a dump, while the progress is shown on w at ticks that come after so long each.
func decodeWith(t *testing.T, p *progress, w io.Writer, ticks ...time.Duration) {
	t.Helper()
	start, clock := time.Now(), make(chan time.Time)
	stop := p.show(w, start, clock)
	source := snapshot.Source{Name: "dump", Reader: p.count(strings.NewReader(clusterDump))}
	if _, err := p.decoder.Decode(source); err != nil {
		t.Fatal(err)
	}
	for _, after := range ticks {
		clock <- start.Add(after)
	}
	stop()
}

func TestProgressIsOneLineThatGoes(t *testing.T) {
	var out bytes.Buffer
	decodeWith(t, new(progress), &out, progressAfter, 2*time.Second)
	line := func(seconds int) string { return fmt.Sprintf("\rreading: 0.0 MB, 1 resource, %ds\x1b[K", seconds) }
	if want := line(1) + line(2) + "\r\x1b[K"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestNothingIsShownOfWhatIsQuick(t *testing.T) {
	var out bytes.Buffer
	decodeWith(t, new(progress), &out, 0, progressAfter-1)
	if out.Len() > 0 {
		t.Errorf("got %q, want nothing", out.String())
	}
}

// What is counted are the bytes of files as they are, and all of them, or their sizes are not known.
func TestProgressKnowsSizesOfFiles(t *testing.T) {
	var p progress
	file, err := os.Open("progress_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, p.count(file)); err != nil {
		t.Fatal(err)
	}
	mega := float64(info.Size()) / 1e6
	if got, want := p.line(time.Second), fmt.Sprintf("reading: %.1f of %.1f MB, 0 resources, 1s", mega, mega); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.count(strings.NewReader(""))
	if got, want := p.line(time.Second), fmt.Sprintf("reading: %.1f MB, 0 resources, 1s", mega); got != want {
		t.Errorf("with standard input: got %q, want %q", got, want)
	}
}
