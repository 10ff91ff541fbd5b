package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A playlist is the dumps that are served in turn.
type playlist struct {
	args  []string // dumps, and directories of dumps
	loop  bool     // the first follows the last
	paths []string // what the arguments stood for when they were last looked at
	at    int      // the place of the current dump in paths
}

// look finds out what the arguments stand for now. The current dump stays the current one, even where it has gone: what
// was after it is still what comes next.
func (p *playlist) look() error {
	var paths []string
	for _, arg := range p.args {
		dumps, err := dumpsAt(arg)
		if err != nil {
			return err
		}
		paths = append(paths, dumps...)
	}
	if len(p.paths) > 0 && !slices.Equal(paths, p.paths) {
		current := p.current()
		if p.at = slices.Index(paths, current); p.at < 0 {
			p.at = place(paths, p.paths[:slices.Index(p.paths, current)])
			paths = slices.Insert(paths, p.at, current)
		}
	}
	p.paths = paths
	return nil
}

// place is where in paths something belongs that came after the others: behind the last of them that is still there.
func place(paths, others []string) int {
	for _, other := range slices.Backward(others) {
		if i := slices.Index(paths, other); i >= 0 {
			return i + 1
		}
	}
	return 0
}

// next goes on to the next dump, and reports whether there is one.
func (p *playlist) next() bool {
	switch {
	case p.at+1 < len(p.paths):
		p.at++
	case p.loop:
		p.at = 0
	default:
		return false
	}
	return true
}

func (p *playlist) current() string { return p.paths[p.at] }

// String says where in the list the current dump is: "2/5 b.json".
func (p *playlist) String() string {
	return fmt.Sprintf("%d/%d %s", p.at+1, len(p.paths), filepath.Base(p.current()))
}

// dumpsAt is the dumps in a directory, sorted by name, or the path itself if it is something else.
func dumpsAt(path string) ([]string, error) {
	if path == "" {
		return nil, errors.New("a dump without a name")
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil // that it is not there will show when it is read
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var dumps []string
	for _, entry := range entries {
		if !entry.IsDir() && isDumpName(entry.Name()) {
			dumps = append(dumps, filepath.Join(path, entry.Name()))
		}
	}
	if dumps == nil {
		return nil, fmt.Errorf("%s holds no dumps: no file in it ends in .json, .yaml or .yml, with or without .gz", path)
	}
	return dumps, nil
}

// isDumpName keeps out what lies beside dumps: notes, and what editors leave.
func isDumpName(name string) bool {
	extension := filepath.Ext(strings.TrimSuffix(name, ".gz"))
	return !strings.HasPrefix(name, ".") && slices.Contains([]string{".json", ".yaml", ".yml"}, extension)
}
