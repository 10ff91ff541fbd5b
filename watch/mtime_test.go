package watch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWriteMtime(t *testing.T) {
	const day = 24 * 60 * 60
	const now = 1_700_000_000
	tests := []struct {
		name     string
		previous time.Time
		want     int64
	}{
		{"long ago", time.Unix(now-day, 0), now},
		{"the second before", time.Unix(now-1, 999_999_999), now},
		{"the same second", time.Unix(now, 0), now + 1},
		{"later in the same second", time.Unix(now, 999_999_999), now + 1},
		{"the next second", time.Unix(now+1, 0), now + 2},
		{"the clock was set back a year", time.Unix(now+365*day, 5), now + 365*day + 1},
		{"before 1970", time.Unix(-5, 0), now},
		{"the last year to count on from", time.Unix(farthest-1, 0), farthest},
		{"beyond", time.Unix(farthest, 0), now},
		{"beyond what nanoseconds can count", time.Unix(1<<35, 0), now},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(realTempDir(t), "apisix.yaml")
			mustWrite(t, &File{Path: path}, "old\n")
			disk := &faultyDisk{shows: map[string]int64{path: tt.previous.Unix()}}
			if err := os.Chtimes(path, time.Time{}, tt.previous); err == nil && tt.previous.Unix() < farthest {
				disk.shows = nil
			}
			result := mustWrite(t, &File{Path: path, Now: clock(now), disk: disk}, "new\n")
			if got := stat(t, path).ModTime(); got.UnixNano() != tt.want*1e9 || !result.ModTime.Equal(got) {
				t.Errorf("got mtime %v, result %v, want %v", got, result.ModTime, time.Unix(tt.want, 0))
			}
		})
	}
}

func TestWriteMtimeIsNeverUsedTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	f := &File{Path: path, Generation: true}
	var last int64
	write := func(name string, now int64) {
		t.Helper()
		f.Now = clock(now)
		result := mustWrite(t, f, name+"\n")
		if got := result.ModTime.Unix(); got <= last || got < now || result.Generation != got {
			t.Errorf("%s: got second %d, generation %d, want both equal, later than %d and not before %d",
				name, got, result.Generation, last, now)
		}
		last = result.ModTime.Unix()
	}
	write("first", 1000)
	write("same second", 1000)
	write("clock set back", 500)
	f = &File{Path: path, Generation: true}
	write("restarted", 400)
	if err := os.Chtimes(path, time.Time{}, time.Unix(10, 0)); err != nil {
		t.Fatal(err)
	}
	f = &File{Path: path, Generation: true}
	write("restarted after touch -d", 400)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write("deleted meanwhile", 400)
	f = &File{Path: path}
	last = mustWrite(t, f, "without a generation line\n").ModTime.Unix()
	f = &File{Path: path, Generation: true}
	write("after one without a generation line", 400)
	write("clock right again", last+1_000_000)
}

func TestWriteMtimeOnFileSystemsThatRound(t *testing.T) {
	const end = 1<<31 - 1
	fat := func(second int64) int64 { return second &^ 1 }
	inode128 := func(second int64) int64 { return min(second, end) }
	tests := []struct {
		name          string
		keeps         func(int64) int64
		previous, now int64
	}{
		{"even seconds, from even", fat, 1000, 1000},
		{"even seconds, from even, a second later", fat, 1000, 1001},
		{"even seconds, clock set back", fat, 1000, 900},
		{"until 2038, clock set back", inode128, end, 1_700_000_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "apisix.yaml")
			f := File{Path: path, disk: &faultyDisk{keeps: tt.keeps}, Now: clock(tt.previous)}
			if got := mustWrite(t, &f, "old\n").ModTime.Unix(); got != tt.previous {
				t.Fatalf("the old file has mtime %d, want %d", got, tt.previous)
			}
			f.Now = clock(tt.now)
			result := mustWrite(t, &f, "new\n")
			got := stat(t, path).ModTime().Unix()
			if got == tt.previous || got != result.ModTime.Unix() {
				t.Errorf("got mtime %d, result %v, after %d", got, result.ModTime, tt.previous)
			}
		})
	}
}

func TestWriteRefusesAnMtimeThatDoesNotChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	f := File{Path: path, disk: &faultyDisk{keeps: func(int64) int64 { return 0 }}}
	mustWrite(t, &f, "old\n")
	if _, err := f.Write([]byte("new\n")); !errors.Is(err, errNotDated) {
		t.Errorf("got error %v, want %v", err, errNotDated)
	}
	if got := read(t, path); got != "old\n" {
		t.Errorf("file holds %q, want the old content", got)
	}
	checkOnly(t, path)
}
