package cmd

import (
	"fmt"
	"io"
	"log"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/xds/replay"
)

// A player serves the current dump of a playlist.
type player struct {
	playlist
	server *replay.Server
	log    *log.Logger
	served string // the dump in force, as the playlist called it
	said   string // the last line about it
}

func newPlayer(list playlist, w io.Writer) *player {
	p := &player{playlist: list, log: log.New(w, "", 0)}
	p.server = replay.New(func(r replay.Rejection) {
		p.log.Printf("a client rejects resources of kind %s: %s", r.Kind, printable.Line(r.Reason))
	})
	return p
}

// start makes the first dump the one that is served. What a directory holds beside dumps is passed over, aloud.
func (p *player) start() error {
	if err := p.look(); err != nil {
		return err
	}
	for {
		_, err := p.load()
		if err == nil || p.at+1 == len(p.paths) {
			return err
		}
		p.log.Printf("amesh-render: replay: %v; it is passed over", err)
		p.at++
	}
}

// step goes on to the next dump, and says what became of that.
func (p *player) step() {
	if err := p.look(); err != nil {
		p.complain(err)
		return
	}
	if !p.next() {
		p.log.Printf("%s is the last dump; with --loop the first would follow", &p.playlist)
		return
	}
	if _, err := p.load(); err != nil {
		p.complain(err)
		return
	}
	p.log.Print(p.said)
}

// reload takes a look after the files have changed. It says nothing if the current dump has not.
func (p *player) reload() {
	before := p.said
	err := p.look()
	changed := false
	if err == nil {
		changed, err = p.load()
	}
	switch {
	case err != nil:
		p.complain(err)
	case changed || p.said != before:
		p.log.Print(p.said)
	}
}

// load serves the current dump as it is now, and reports whether clients can tell.
func (p *player) load() (changed bool, err error) {
	snap, err := decodeFiles([]string{p.current()}, Streams{})
	if err != nil {
		return false, err
	}
	outcome, err := p.server.Set(snap)
	if err != nil {
		return false, fmt.Errorf("%s: %w", p.current(), err)
	}
	p.served = p.String()
	p.said = fmt.Sprintf("serving %s: %s", p.served, contents(snap))
	if outcome.Empty > 0 {
		p.said += fmt.Sprintf("; and empty, since the dump lacks them, %s", printable.Count(outcome.Empty, "resource"))
	}
	return outcome.Changed > 0, nil
}

// complain says why the current dump is not served, once.
func (p *player) complain(err error) {
	line := fmt.Sprintf("amesh-render: replay: %v; still serving %s", err, p.served)
	if line != p.said {
		p.log.Print(line)
	}
	p.said = line
}
