package watch

import (
	"os"
	"path/filepath"
	"strings"
)

// The name of a temporary file is temporaryPrefix, a random number and temporarySuffix. It begins with a dot, so that
// patterns such as *.yaml pass it over.
const temporarySuffix = ".tmp"

func temporaryPrefix(target string) string  { return "." + filepath.Base(target) + ".amesh-render-" }
func temporaryPattern(target string) string { return temporaryPrefix(target) + "*" + temporarySuffix }

// RemoveStale removes the temporary files that killed writers of this very file have left, and returns their paths. A
// temporary file exists only while its writer holds the directory's lock, and RemoveStale holds it now: those that it
// finds are nobody's. Where the directory cannot be locked, nothing is removed and the error says so.
func (f *File) RemoveStale() (removed []string, err error) {
	target, err := resolve(f.Path)
	if err != nil {
		return nil, err
	}
	dir, err := f.system().Open(filepath.Dir(target), os.O_RDONLY, 0)
	if err != nil {
		return nil, fail(opOpenDir, target, err)
	}
	defer dir.Close()
	if err := f.system().Lock(dir); err != nil {
		return nil, fail(opLockDir, target, err)
	}
	entries, err := os.ReadDir(dir.Name())
	if err != nil {
		return nil, fail(opOpenDir, target, err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !isTemporary(entry.Name(), target) {
			continue
		}
		path := filepath.Join(dir.Name(), entry.Name())
		if err := f.system().Remove(path); err != nil {
			return removed, fail(opRemove, path, err)
		}
		removed = append(removed, path)
	}
	return removed, nil
}

func isTemporary(name, target string) bool {
	number, ours := strings.CutPrefix(name, temporaryPrefix(target))
	number, whole := strings.CutSuffix(number, temporarySuffix)
	return ours && whole && number != "" && strings.Trim(number, "0123456789") == ""
}
