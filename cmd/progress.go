package cmd

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// progress is how far the decoder is with dumps, and shows it to who waits at a terminal.
type progress struct {
	decoder snapshot.Decoder
	read    atomic.Int64 // bytes, as they are in the files
	size    int64        // of all files, in bytes
	unsized bool         // whether some have no size that is known beforehand
	typed   bool         // whether somebody types one
}

const (
	// progressAfter is for how long nothing is shown: most dumps are read by then.
	progressAfter = time.Second
	// progressEvery is how often what is shown changes.
	progressEvery = 200 * time.Millisecond
)

// count returns r, which progress counts the bytes of.
func (p *progress) count(r io.Reader) io.Reader {
	size := int64(0)
	if file, ok := r.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		_, terminal := columns(file)
		p.typed = p.typed || terminal
	}
	p.size += size
	p.unsized = p.unsized || size == 0
	return &countedReader{r, &p.read}
}

type countedReader struct {
	r    io.Reader
	read *atomic.Int64
}

func (c *countedReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read.Add(int64(n))
	return n, err
}

// showOn shows the progress on w, if that is a terminal, until the function that it returns is called.
func (p *progress) showOn(w io.Writer) (stop func()) {
	if !showsProgress(w, os.Getenv) || p.typed {
		return func() {}
	}
	ticker := time.NewTicker(progressEvery)
	stopShowing := p.show(w, time.Now(), ticker.C)
	return func() {
		ticker.Stop()
		stopShowing()
	}
}

// show writes a line to w at each tick, over the one before. The function that it returns wipes out the line, and returns
// when nothing more is written.
func (p *progress) show(w io.Writer, start time.Time, ticks <-chan time.Time) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		shown := false
		for {
			select {
			case now := <-ticks:
				if elapsed := now.Sub(start); elapsed >= progressAfter {
					width, _ := columns(w)
					fmt.Fprintf(w, "\r%.*s\x1b[K", max(0, width-1), p.line(elapsed))
					shown = true
				}
			case <-done:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

func (p *progress) line(elapsed time.Duration) string {
	total := p.size
	if p.unsized {
		total = 0
	}
	return progressLine(p.read.Load(), total, p.decoder.Resources(), elapsed)
}

// progressLine says how much has been read of how many bytes in all, 0 standing for unknown, and what it held.
func progressLine(read, total, resources int64, elapsed time.Duration) string {
	const mega = 1e6
	bytes := fmt.Sprintf("%.1f MB", float64(read)/mega)
	if read <= total {
		bytes = fmt.Sprintf("%.1f of %.1f MB", float64(read)/mega, float64(total)/mega)
	}
	return fmt.Sprintf("reading: %s, %s, %s", bytes, printable.Count(int(resources), "resource"), elapsed.Truncate(time.Second))
}

// showsProgress reports whether w is a terminal on which a line can be written over, with somebody who looks at it.
func showsProgress(w io.Writer, getenv func(string) string) bool {
	_, terminal := columns(w)
	return terminal && getenv("TERM") != "" && getenv("TERM") != "dumb" && getenv("CI") == ""
}

// columns is how wide a stream is, and whether it is a terminal.
func columns(w io.Writer) (width int, terminal bool) {
	file, ok := w.(*os.File)
	if !ok {
		return widest, false
	}
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return widest, err == nil
	}
	return int(size.Col), true
}
