package cmd

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// An annotation of a pod stands for a flag.
type annotation struct{ key, flag string }

// setFromAnnotations sets flags that the command line has not set from a file of Kubernetes' downward API: a line
// key="value" for each annotation, with Go's escapes. Annotations are the pod's own and go before environment variables,
// which its owner may not have set.
func setFromAnnotations(set *pflag.FlagSet, path string, known []annotation) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("annotations: %w", err)
	}
	given, err := parseAnnotations(string(text))
	if err != nil {
		return fmt.Errorf("annotations: %s:%w", path, err)
	}
	var wrong []error
	for _, a := range known {
		f := set.Lookup(a.flag)
		value, ok := given[a.key]
		if !ok || f.Changed && !isFromEnvironment(f) {
			continue
		}
		if err := set.Set(a.flag, value); err != nil {
			wrong = append(wrong, fmt.Errorf("annotation %s: %w", a.key, explain(err, set)))
		}
	}
	return errors.Join(wrong...)
}

func parseAnnotations(text string) (map[string]string, error) {
	given := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, quoted, ok := strings.Cut(line, "=")
		value, err := strconv.Unquote(quoted)
		if !ok || err != nil {
			return nil, fmt.Errorf("%d: %.100q is not an annotation such as key=\"value\"", n, line)
		}
		given[key] = value
	}
	return given, nil
}
