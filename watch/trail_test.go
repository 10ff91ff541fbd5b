package watch

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTrails(t *testing.T) {
	tests := []struct {
		name  string
		tree  []string
		paths []string
		want  []string
	}{
		{"a file", []string{"f"}, []string{"f"}, []string{"."}},
		{"a file to come", nil, []string{"f"}, []string{"."}},
		{"a directory to come", []string{"a/"}, []string{"a/b/c/f"}, []string{"a"}},
		{"a directory", []string{"d/", "d/a", "d/e/"}, []string{"d"}, []string{"d"}},
		{"a file as a directory", []string{"f"}, []string{"f/g"}, []string{"."}},
		{"dots", []string{"a/", "f"}, []string{"./a/..//a/../f"}, []string{"."}},
		{"a symlink", []string{"a/", "b/", "b/f", "a/l -> ../b/f"}, []string{"a/l"}, []string{"a", "b"}},
		{"an absolute one", []string{"a/", "b/", "b/f", "a/l -> DIR/b/f"}, []string{"a/l"}, []string{"a", "b"}},
		{"a dangling one", []string{"a/", "a/l -> ../b/f"}, []string{"a/l"}, []string{"a", "."}},
		{"one on the way", []string{"r/", "r/f", "a/", "a/cur -> ../r"}, []string{"a/cur/f"}, []string{"a", "r"}},
		{"up from one", []string{"r/", "r/s/", "r/f", "a/", "a/l -> ../r/s"}, []string{"a/l/../f"}, []string{"a", "r"}},
		{"a loop", []string{"a/", "a/x -> y", "a/y -> x"}, []string{"a/x"}, []string{"a"}},
		{"a pipe", []string{"p|"}, []string{"p"}, []string{"."}},
		{"a ConfigMap", []string{"c/", "c/..1/", "c/..1/f", "c/..data -> ..1", "c/f -> ..data/f"}, []string{"c/f"},
			[]string{"c", "c/..1"}},
		{"all of it", []string{"c/", "c/..1/", "c/..1/f", "c/..data -> ..1", "c/f -> ..data/f"}, []string{"c"},
			[]string{"c", "c/..1"}},
		{"several", []string{"a/", "b/", "a/f", "a/g", "b/f"}, []string{"a/f", "b/f", "a/g"}, []string{"a", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := realTempDir(t)
			tree(t, dir, tt.tree...)
			var paths []string
			for _, path := range tt.paths {
				paths = append(paths, dir+"/"+path)
			}
			var got []string
			for _, path := range trails(paths) {
				name, err := filepath.Rel(dir, path)
				must(t, err)
				got = append(got, name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %s, want %s", strings.Join(got, " "), strings.Join(tt.want, " "))
			}
		})
	}
}
