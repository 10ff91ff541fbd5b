package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/watch"
)

// userFiles are the files with which users add to what is rendered. Of one that cannot be read or understood, what it held
// before stays in force.
type userFiles struct {
	configs, overlays []string
	log               *slog.Logger
	// node is whose configuration is rendered, if that is known: an overlay that cannot be filled in for it is broken.
	node    func() (plugins.Node, bool)
	publish func(*plugins.Set) // gets all that the files hold whenever that has changed

	inputs       *watch.Inputs
	goodFiles    map[string]*plugins.File
	goodOverlays map[string]*plugins.Overlay
	broken       map[string]string // by file: why it is, as it was told last
}

func newUserFiles(configs, overlays []string, log *slog.Logger) *userFiles {
	u := &userFiles{configs: configs, overlays: overlays, log: log, goodFiles: map[string]*plugins.File{},
		goodOverlays: map[string]*plugins.Overlay{}, broken: map[string]string{}}
	u.inputs = watch.NewInputs(slices.Concat(configs, overlays)...) // before the files are read: no change is missed
	u.inputs.Trouble = func(err error) {
		if err != nil {
			log.Warn("changes of plugin configurations and overlays are noticed late", "error", err)
		}
	}
	return u
}

// read reads the files for the first time: whatever is wrong is an error, also a path where there is nothing.
func (u *userFiles) read() (*plugins.Set, error) {
	for _, path := range slices.Concat(u.configs, u.overlays) {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	set := u.load()
	if len(set.Broken) > 0 {
		return nil, set.Broken[0]
	}
	return set, nil
}

// run publishes what the files hold whenever that changes, until the context ends.
func (u *userFiles) run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { u.inputs.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.inputs.Changed:
			u.publish(u.load())
		}
	}
}

// load reads the files.
func (u *userFiles) load() *plugins.Set {
	set := &plugins.Set{}
	there := map[string]bool{}
	for _, path := range u.configs {
		names, err := manifests(path)
		if err != nil { // a directory that is there: what was in it stays
			there[whole(path)] = u.judge(set, path, err)
			names = u.goodIn(path)
		}
		for _, name := range names {
			if file := take(u, set, name, there, u.goodFiles, plugins.Parse); file != nil {
				set.Files = append(set.Files, file)
			}
		}
	}
	for _, name := range u.overlays {
		if overlay := take(u, set, name, there, u.goodOverlays, u.parseOverlay); overlay != nil {
			set.Overlays = append(set.Overlays, overlay)
		}
	}
	u.forget(there)
	return set
}

// take reads a file, unless it has been, and returns what it holds, or held when it was last good; nil if there is nothing.
func take[T any](u *userFiles, set *plugins.Set, name string, there map[string]bool, good map[string]*T, parse func(string, []byte) (*T, error)) *T {
	if there[whole(name)] {
		return nil
	}
	content, err := readUserFile(name, parse)
	if there[whole(name)] = u.judge(set, name, err); !there[whole(name)] {
		return nil
	}
	if err == nil {
		good[name] = content
	}
	return good[name]
}

// whole is a path however it is spelt: of a file that is named twice, one would be in conflict with the other.
func whole(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return filepath.Clean(path)
}

// goodIn are the files of a directory that were good.
func (u *userFiles) goodIn(dir string) []string {
	var names []string
	for name := range u.goodFiles {
		if filepath.Dir(name) == filepath.Clean(dir) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// parseOverlay reads an overlay and, if it is known for whom, fills it in.
func (u *userFiles) parseOverlay(name string, text []byte) (*plugins.Overlay, error) {
	overlay, err := plugins.ParseOverlay(name, text)
	if err != nil || u.node == nil {
		return overlay, err
	}
	if node, ok := u.node(); ok {
		_, _, err = overlay.Expand(node)
	}
	return overlay, err
}

// judge notes whether a file is broken, and reports whether it is there at all.
func (u *userFiles) judge(set *plugins.Set, name string, err error) bool {
	before, was := u.broken[name]
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		if was {
			u.log.Info("the file can be used again", "file", name)
			delete(u.broken, name)
		}
		return true
	}
	var broken *plugins.Error
	if !errors.As(err, &broken) {
		broken = &plugins.Error{File: name, Err: err}
	}
	if before != broken.Error() {
		u.log.Error("the file cannot be used; what it held before, if anything, stays in force", "file", name, "error", broken)
	}
	u.broken[name] = broken.Error()
	set.Broken = append(set.Broken, broken)
	return true
}

// forget drops what files held that have gone.
func (u *userFiles) forget(there map[string]bool) {
	for name := range u.goodFiles {
		if !there[whole(name)] {
			delete(u.goodFiles, name)
			u.log.Info("the file has gone, and what it held with it", "file", name)
		}
	}
	for name := range u.goodOverlays {
		if !there[whole(name)] {
			delete(u.goodOverlays, name)
			u.log.Info("the file has gone, and what it held with it", "file", name)
		}
	}
	for name := range u.broken {
		if !there[whole(name)] {
			delete(u.broken, name)
		}
	}
}

// readUserFile reads and parses one file.
func readUserFile[T any](name string, parse func(string, []byte) (*T, error)) (*T, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, reason(err)
	}
	return parse(name, text)
}

// reason is an error without the path that the message has anyway.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", at.Op, at.Err)
	}
	return err
}

// manifests are the files at a path: itself, or the YAML and JSON files in a directory, hidden ones left out, in the order
// of their names. It is an error if a directory that is there cannot be read.
func manifests(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, reason(err)
	}
	var names []string
	for _, entry := range entries {
		extension := strings.ToLower(filepath.Ext(entry.Name()))
		if strings.HasPrefix(entry.Name(), ".") || !slices.Contains([]string{".yaml", ".yml", ".json"}, extension) {
			continue
		}
		name := filepath.Join(path, entry.Name())
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			continue
		}
		names = append(names, name)
	}
	return names, nil
}
