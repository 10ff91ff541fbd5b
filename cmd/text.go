package cmd

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A textSource is a file, or standard input, unpacked.
type textSource struct {
	name string
	text *bufio.Reader
	file io.Closer
}

// largeText is how many bytes a text has at least that is not held in memory if that can be avoided.
const largeText = 256 << 10

// openText opens the file at path, or standard input for "-".
func openText(path string, stdin io.Reader) (*textSource, error) {
	s := &textSource{name: "standard input", file: io.NopCloser(stdin)}
	in := stdin
	if path != "-" {
		s.name = path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s is a directory: name the files in it", path)
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, s.error(err)
		}
		s.file, in = file, file
	}
	unpacked, err := snapshot.Unpack(s.name, in)
	if err != nil {
		s.close()
		return nil, s.error(err)
	}
	s.text = bufio.NewReaderSize(unpacked, largeText)
	return s, nil
}

func (s *textSource) close() { _ = s.file.Close() }

// error says which source an error is about, unless the error does.
func (s *textSource) error(err error) error {
	if strings.HasPrefix(err.Error(), s.name+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", s.name, err)
}

// isLargeDump reports whether the text shows at its start that it is large, JSON, and neither a file of APISIX's nor a
// manifest. Such a text is a dump, if anything, and need not be held to find out.
func (s *textSource) isLargeDump() bool {
	start, err := s.text.Peek(largeText)
	if err != nil {
		return false
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	isJSON := bytes.HasPrefix(first, []byte("{")) || bytes.HasPrefix(first, []byte("["))
	return isJSON && !standalone.Is(start) && !isManifest(start)
}

// all is the rest of the text.
func (s *textSource) all() ([]byte, error) {
	text, err := io.ReadAll(s.text)
	if err != nil {
		return nil, s.error(err)
	}
	return text, nil
}

// readText reads a file, or standard input for "-", and unpacks it.
func readText(path string, stdin io.Reader) (name string, text []byte, err error) {
	s, err := openText(path, stdin)
	if err != nil {
		return "", nil, err
	}
	defer s.close()
	text, err = s.all()
	return s.name, text, err
}
