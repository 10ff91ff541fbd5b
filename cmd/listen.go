package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// listen listens at HOST:PORT or unix:///PATH, and says how clients write the address.
func listen(address string) (l net.Listener, url string, err error) {
	path, unix := strings.CutPrefix(address, "unix://")
	if !unix {
		if l, err = net.Listen("tcp", address); err != nil {
			return nil, "", err
		}
		return l, "grpc://" + l.Addr().String(), nil
	}
	if !filepath.IsAbs(path) {
		return nil, "", fmt.Errorf("%q: the path of a Unix socket must be absolute", address)
	}
	removeStaleSocket(path)
	l, err = net.Listen("unix", path)
	return l, address, err
}

// removeStaleSocket removes a socket at which nobody listens any more: a process that was killed has left it, and it would
// be in the way.
func removeStaleSocket(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		os.Remove(path)
	}
}
