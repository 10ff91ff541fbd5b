package cmd

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/templates"
	"github.com/amesh-render/amesh-render/watch"
)

// luaDir is where the Lua files are in the directory.
const luaDir = "lua"

// configMark is in every config.yaml that we write.
var configMark = []byte("Written by amesh-render config")

// A confDir is the directory that becomes APISIX's conf directory.
type confDir struct {
	path  string
	owner *watch.Owner
}

// writeDir writes all that APISIX's container needs. config.yaml comes after what it refers to, and the first apisix.yaml
// last, as APISIX may be waiting for it.
func (f *configFlags) writeDir(config []byte) error {
	d := confDir{path: f.dir}
	if f.owner != "" {
		var err error
		if d.owner, err = parseOwner(f.owner); err != nil {
			return usageError{err}
		}
	}
	if err := d.prepare(f.init); err != nil {
		return err
	}
	if f.lua == "on" {
		if err := d.writeLua(); err != nil {
			return err
		}
	}
	if err := d.write("mime.types", templates.MimeTypes); err != nil {
		return err
	}
	if terminatesTLS(config) {
		if err := d.writePlaceholder(); err != nil {
			return err
		}
	}
	if err := d.write("config.yaml", config); err != nil {
		return err
	}
	return d.create("apisix.yaml", apisix.Encode(&apisix.Config{}, apisix.EncodeOptions{Header: header}))
}

// prepare makes the directory where there is none, and fails if it holds somebody else's config.yaml, unless it is init.
func (d confDir) prepare(init bool) error {
	if err := d.makeDir(""); err != nil {
		return err
	}
	if init {
		return d.own()
	}
	old, err := os.ReadFile(filepath.Join(d.path, "config.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !bytes.Contains(old, configMark) {
		return foreignConfig{filepath.Join(d.path, "config.yaml")}
	}
	return nil
}

// own gives the directory itself, a volume perhaps that is root's, to the owner of the files: the agent and APISIX, which
// run as it, make files in it. Only root can, and only root needs to: others have been able to make files there.
func (d confDir) own() error {
	if d.owner == nil || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(d.path, d.owner.UID, d.owner.GID)
}

// A foreignConfig is a config.yaml that somebody else has written.
type foreignConfig struct{ path string }

func (e foreignConfig) Error() string { return e.path + " was not written by amesh-render; it is kept" }
func (e foreignConfig) Hint() string  { return "--init replaces it" }

// makeDir makes a directory of the directory, "" for itself, with those above it. The umask does not matter, as APISIX
// runs as another user; a directory that is there keeps its mode.
func (d confDir) makeDir(name string) error {
	path := filepath.Join(d.path, name)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o755); err != nil {
		return err
	}
	if d.owner != nil {
		return os.Chown(path, d.owner.UID, d.owner.GID)
	}
	return nil
}

func (d confDir) has(name string) bool {
	_, err := os.Stat(filepath.Join(d.path, name))
	return err == nil
}

// write replaces a file of the directory if its content is another.
func (d confDir) write(name string, content []byte) error {
	return d.put(name, func(file *watch.File) (watch.Result, error) { return file.Write(content) })
}

// create writes a file if there is none: never over one that the agent writes at this moment.
func (d confDir) create(name string, content []byte) error {
	return d.put(name, func(file *watch.File) (watch.Result, error) { return file.Create(content) })
}

func (d confDir) put(name string, do func(*watch.File) (watch.Result, error)) error {
	file := &watch.File{Path: filepath.Join(d.path, name), Owner: d.owner}
	if err := prepare(file); err != nil {
		return err
	}
	_, err := do(file)
	return err
}

// writeLua writes the Lua plugins below lua/.
func (d confDir) writeLua() error {
	return fs.WalkDir(templates.Lua, luaDir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return d.makeDir(filepath.FromSlash(name))
		}
		if !strings.HasSuffix(name, ".lua") {
			return nil
		}
		text, err := fs.ReadFile(templates.Lua, name)
		if err != nil {
			return err
		}
		return d.write(filepath.FromSlash(name), text)
	})
}

// hasLua says whether "amesh-render config" has written the Lua plugins to the directory.
func hasLua(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, luaDir, "apisix", "plugins"))
	return err == nil && info.IsDir()
}
