package watch

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// A generation line is generationMark, a positive decimal number and a newline, at the very beginning of a file. It
// is a YAML comment, by which a reader that keeps what has not changed knows one write from another.
const (
	generationMark = "# gen "
	generationMax  = len(generationMark) + len("9223372036854775807\n")
)

// Stamp returns content with the generation line "# gen N" before it, in place of one that is there already. It is for
// output that goes elsewhere than to a File, which stamps its own: there, N is the second of the file's mtime, counted
// from 1970, which no two writes share. Numbers are positive.
func Stamp(generation int64, content []byte) []byte {
	_, length := parseGeneration(content)
	return append(generationLine(generation), content[length:]...)
}

// generationLine is empty for 0.
func generationLine(generation int64) []byte {
	if generation == 0 {
		return nil
	}
	return fmt.Appendf(nil, "%s%d\n", generationMark, generation)
}

// readGeneration returns the number in the file's generation line and the line's length, or 0 and 0 if it has none.
func readGeneration(file io.ReaderAt) (generation, length int64) {
	head := make([]byte, generationMax)
	n, _ := file.ReadAt(head, 0)
	return parseGeneration(head[:n])
}

func parseGeneration(content []byte) (generation, length int64) {
	line, _, whole := bytes.Cut(content[:min(len(content), generationMax)], []byte("\n"))
	digits, marked := bytes.CutPrefix(line, []byte(generationMark))
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if !whole || !marked || err != nil || n <= 0 {
		return 0, 0
	}
	return n, int64(len(line)) + 1
}
