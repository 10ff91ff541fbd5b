package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// parseJSON reads one JSON object.
func parseJSON(text string) (map[string]any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	var x any
	if err := d.Decode(&x); err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something after the JSON object")
	}
	m, ok := x.(map[string]any)
	if !ok {
		return nil, errors.New("is JSON, but not an object")
	}
	return m, normalize(m, 0)
}

// normalize makes whole numbers ints, in place. A null is an error.
func normalize(x any, depth int) error {
	if depth > maxDepth {
		return errors.New("is nested too deeply")
	}
	switch x := x.(type) {
	case map[string]any:
		for key, v := range x {
			if n, ok := v.(float64); ok {
				x[key] = whole(n)
			} else if err := member(v, depth); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	case []any:
		for i, v := range x {
			if n, ok := v.(float64); ok {
				x[i] = whole(n)
			} else if err := member(v, depth); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	}
	return nil
}

func member(v any, depth int) error {
	if v == nil {
		return errors.New("is null, which APISIX would take for an empty table")
	}
	return normalize(v, depth+1)
}
