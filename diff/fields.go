package diff

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// fieldsOf are the fields in which two values differ, which are as encoding/json would hold them. Lists of scalars are
// compared as a whole, others element by element.
func fieldsOf(old, new any) []Field {
	out := []Field{}
	appendFields(&out, "", old, new)
	return out
}

// missing stands for a value that is not there.
type missing struct{}

func appendFields(out *[]Field, path string, old, new any) {
	a, isMap := old.(map[string]any)
	b, bothMaps := new.(map[string]any)
	if isMap && bothMaps {
		keys := maps.Clone(a)
		maps.Copy(keys, b)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			appendFields(out, join(path, key), get(a, key), get(b, key))
		}
		return
	}
	x, isList := old.([]any)
	y, bothLists := new.([]any)
	if isList && bothLists && !scalars(x) && !scalars(y) {
		for i := range max(len(x), len(y)) {
			appendFields(out, path+"["+strconv.Itoa(i)+"]", at(x, i), at(y, i))
		}
		return
	}
	if !equal(old, new) {
		*out = append(*out, Field{path, text(old), text(new)})
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func get(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return missing{}
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return missing{}
}

func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

// equal compares values of which numbers may be of any Go type.
func equal(a, b any) bool {
	x, isNumber := number(a)
	y, bothNumbers := number(b)
	if isNumber && bothNumbers {
		return x == y
	}
	list, isList := a.([]any)
	other, bothLists := b.([]any)
	if isList && bothLists {
		return slices.EqualFunc(list, other, equal)
	}
	return reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	switch x := reflect.ValueOf(v); {
	case !x.IsValid():
		return 0, false
	case x.CanInt():
		return float64(x.Int()), true
	case x.CanFloat():
		return x.Float(), true
	}
	return 0, false
}

// text is a value as JSON on one line, "" for none.
func text(v any) string {
	if _, none := v.(missing); none {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "?"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plain is a value of one of our structs as encoding/json would hold it; nil for a nil pointer.
func plain(v any) any {
	if x := reflect.ValueOf(v); !x.IsValid() || x.Kind() == reflect.Pointer && x.IsNil() {
		return missing{}
	}
	var out any
	if err := json.Unmarshal([]byte(text(v)), &out); err != nil {
		return missing{}
	}
	return out
}
