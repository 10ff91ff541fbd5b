package watch

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxLinks is how many symlinks Linux follows before it speaks of a loop.
const maxLinks = 40

var errNotRegular = errors.New("not a regular file")

// resolve follows the symlinks of path and returns the file that a write replaces or creates: absolute, without
// symlinks. Devices and pipes are refused, since to rename over /dev/null would be a poor way of writing to it.
func resolve(path string) (string, error) {
	if err := lookUp(path); err != nil {
		return "", fail(opStat, path, err)
	}
	for next, n := path, 0; n <= maxLinks; n++ {
		// A link's ".." is relative to where the link really is, hence the directory is resolved first and nothing is
		// cleaned before.
		dir, base := filepath.Split(next)
		dir, err := realDir(dir)
		if err != nil {
			return "", fail(opOpenDir, next, err)
		}
		target := filepath.Join(dir, base)
		link, err := os.Readlink(target)
		if err != nil {
			return target, nil
		}
		if next = link; !filepath.IsAbs(link) {
			next = dir + "/" + link
		}
	}
	return "", fail(opStat, path, syscall.ELOOP)
}

// lookUp fails unless path is a regular file, or nothing yet.
func lookUp(path string) error {
	if path == "" {
		return fs.ErrInvalid
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return syscall.EISDIR
	case !info.Mode().IsRegular():
		return errNotRegular
	}
	return nil
}

func realDir(dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		wd, err := os.Getwd()
		if err != nil {
			return "", err
		}
		dir = wd + "/" + dir
	}
	return filepath.EvalSymlinks(dir)
}

// Check reports what would keep Write from working, and leaves everything as it is: a directory that is missing or
// cannot be written to, something at Path that is not a regular file, a file that is a mount point of its own (docker
// -v FILE:FILE, Kubernetes' subPath) and so cannot be replaced, an owner that may not be given. With InPlace it is
// the file, if there is one, that must be writable and ours. Errors are *WriteError, as those of Write.
func (f *File) Check() error {
	target, err := resolve(f.Path)
	if err != nil {
		return err
	}
	dir, err := f.lockDir(target)
	if err != nil {
		return err
	}
	defer dir.Close()
	if f.InPlace {
		return f.checkFile(target)
	}
	if isMountPoint(target) {
		return fail(opRename, target, syscall.EBUSY)
	}
	return f.checkDir(target)
}

func (f *File) checkFile(target string) error {
	h, err := f.system().Open(target, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return f.checkDir(target)
	}
	if err != nil {
		return fail(opOpen, target, err)
	}
	defer h.Close()
	info, err := h.Stat()
	if err != nil {
		return fail(opStat, target, err)
	}
	return f.redate(target, info)
}

// checkDir creates a temporary file, as Write would, and removes it.
func (f *File) checkDir(target string) error {
	h, err := f.system().CreateTemp(filepath.Dir(target), temporaryPattern(target))
	if err != nil {
		return fail(opCreate, target, err)
	}
	defer f.system().Remove(h.Name())
	defer h.Close()
	return f.adjust(h, target)
}

// isMountPoint reports whether something is mounted at the resolved path. Device numbers would not tell, since a file
// that is bind-mounted from the same file system has the same. Where there is no mountinfo, files cannot be mount
// points.
func isMountPoint(path string) bool {
	info, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	defer info.Close()
	return hasMountPoint(info, path)
}

// mountinfoEscape writes a path as the kernel does in mountinfo.
var mountinfoEscape = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)

// hasMountPoint looks for the path in the fifth field of the lines of a mountinfo file.
func hasMountPoint(mountinfo io.Reader, path string) bool {
	path = mountinfoEscape.Replace(path)
	for lines := bufio.NewScanner(mountinfo); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 4 && fields[4] == path {
			return true
		}
	}
	return false
}
