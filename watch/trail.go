package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// trails lists what has to be watched to learn of every change of the paths, each directory once.
func trails(paths []string) []string {
	var all []string
	seen := map[string]bool{}
	add := func(path string) {
		for _, dir := range trail(path) {
			if !seen[dir] {
				seen[dir] = true
				all = append(all, dir)
			}
		}
	}
	for _, path := range paths {
		add(path)
		for _, child := range children(path) {
			if child.Type() == fs.ModeSymlink {
				add(filepath.Join(path, child.Name()))
			}
		}
	}
	return all
}

// trail follows an absolute path as the kernel does and lists the directories where a change can make it lead
// elsewhere: each that holds a symlink on the way, and the last, which is the directory of the file, the directory
// itself if path is one, or the nearest that exists. They are free of symlinks.
//
// A file that is a mount point of its own is listed too: whoever writes to it does so through another directory.
func trail(path string) (dirs []string) {
	at, rest := "/", strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		next := filepath.Join(at, rest[0]) // at has no symlinks, so to clean ".." away is right
		rest = rest[1:]
		info, err := os.Lstat(next)
		switch {
		case err != nil:
			return append(dirs, at)
		case info.IsDir():
			at = next
		case info.Mode().Type() != fs.ModeSymlink:
			if isMountPoint(next) {
				dirs = append(dirs, next)
			}
			return append(dirs, at)
		default:
			dirs = append(dirs, at)
			to, err := os.Readlink(next)
			if links++; err != nil || links > maxLinks {
				return dirs
			}
			if filepath.IsAbs(to) {
				at = "/"
			}
			rest = append(strings.Split(to, "/"), rest...)
		}
	}
	return append(dirs, at)
}
