package watch

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// victimPath names, in its environment, the file that a copy of the test binary writes until it is killed.
const victimPath = "AMESH_RENDER_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimPath); path != "" {
		fmt.Fprintln(os.Stderr, writeForEver(path))
		os.Exit(2)
	}
	if path := os.Getenv(lockPathVariable); path != "" {
		fmt.Fprintln(os.Stderr, lockForEver(path))
		os.Exit(2)
	}
	os.Exit(m.Run())
}

func writeForEver(path string) error {
	f := File{Path: path, Generation: true}
	for n := os.Getpid() * 1_000_000; ; n++ {
		if _, err := f.Write(numbered(n)); err != nil {
			return err
		}
	}
}

// numbered is a content by which a reader can tell that it has all of it: its number at both ends, its length in between.
func numbered(n int) []byte {
	b := fmt.Appendf(nil, "# content %d\n", n)
	b = append(b, bytes.Repeat([]byte("0123456789abcde\n"), n%2_000)...)
	return fmt.Appendf(b, "# content %d\n#END\n", n)
}

// observer reads a file as APISIX does and holds that against the protocol.
type observer struct {
	path     string
	contents map[int64]int // the number of the content that a second's file had
}

// poll reads the file once and returns its mtime's second.
func (o *observer) poll() (int64, error) {
	file, err := os.Open(o.path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	b, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	second := info.ModTime().Unix()
	var generation int64
	var n int
	if _, err := fmt.Sscanf(string(b[:min(len(b), 80)]), "# gen %d\n# content %d\n", &generation, &n); err != nil {
		return 0, fmt.Errorf("%d bytes that begin with %.80q: %w", len(b), b, err)
	}
	if !bytes.Equal(b, Stamp(generation, numbered(n))) {
		return 0, fmt.Errorf("content %d is not whole: %d bytes", n, len(b))
	}
	if known, ok := o.contents[second]; ok && known != n || generation != second {
		return 0, fmt.Errorf("second %d has contents %d and %d, generation %d", second, known, n, generation)
	}
	o.contents[second] = n
	return second, nil
}

// A writer is killed at random moments, again and again. Whoever reads meanwhile never notices.
func TestKill(t *testing.T) {
	const rounds, limit = 60, 3 * time.Second
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	file := File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), Generation: true}
	mustWrite(t, &file, string(numbered(0)))
	o := observer{file.Path, map[int64]int{}}

	stale, start := 0, time.Now()
	for n := 0; n < rounds && time.Since(start) < limit; n++ {
		killOne(t, &o, random.IntN(400))
		removed, err := file.RemoveStale()
		if err != nil {
			t.Fatal(err)
		}
		stale += len(removed)
		checkOnly(t, file.Path)
	}
	t.Logf("%d files seen, %d temporary files left by the killed", len(o.contents), stale)
	mustWrite(t, &file, string(numbered(0)))
}

// killOne starts a writer, waits for its first file, polls the file some times more and kills the writer.
func killOne(t *testing.T, o *observer, polls int) {
	t.Helper()
	before, err := o.poll()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimPath+"="+o.path)
	victim.Stderr = os.Stderr
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		victim.Process.Kill()
		if victim.Wait(); victim.ProcessState.Exited() {
			t.Fatalf("the writer ended by itself: %v", victim.ProcessState)
		}
		if _, err := o.poll(); err != nil {
			t.Fatalf("after the kill: %v", err)
		}
	}()
	for deadline := time.Now().Add(10 * time.Second); polls > 0; {
		second, err := o.poll()
		if err != nil {
			t.Fatal(err)
		}
		if second < before || time.Now().After(deadline) {
			t.Fatalf("second %d after %d", second, before)
		}
		if second > before {
			polls--
		}
	}
}

func TestConcurrentWritersAndReaders(t *testing.T) {
	const writers, readers, writes = 4, 2, 15
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	mustWrite(t, &File{Path: path, Generation: true}, string(numbered(0)))
	seconds := make(chan int64, writers*writes)
	done := make(chan struct{})
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			f := File{Path: path, Generation: true}
			for n := range writes {
				result, err := f.Write(numbered(1 + w*writes + n))
				if err != nil || !result.Written {
					t.Errorf("writer %d: %+v, %v", w, result, err)
				}
				seconds <- result.ModTime.Unix()
			}
		})
	}
	for range readers {
		reading.Go(func() {
			o := observer{path, map[int64]int{}}
			for {
				if _, err := o.poll(); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	close(seconds)
	seen := map[int64]bool{}
	for second := range seconds {
		if seen[second] {
			t.Errorf("second %d was given twice", second)
		}
		seen[second] = true
	}
}
