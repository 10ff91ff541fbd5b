package apisix

import (
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// walk checks every string, number, key and expression in v, whatever its type; plugin tells whether v is part of a
// plugin's configuration.
func (c *checker) walk(v reflect.Value, plugin bool) {
	switch v.Kind() {
	case reflect.String:
		c.text(v.String(), plugin)
	case reflect.Float32, reflect.Float64:
		c.number(v.Float())
	case reflect.Pointer:
		if !v.IsNil() {
			c.walk(v.Elem(), plugin)
		}
	case reflect.Interface:
		if v.IsNil() {
			c.addHere("has no value; APISIX reads null as a table")
			return
		}
		c.walk(v.Elem(), plugin)
	case reflect.Slice, reflect.Array:
		if v.Type() == reflect.TypeFor[[]Node]() { // Upstream.Validate has looked at them: hosts are names and addresses
			return
		}
		for i := range v.Len() {
			c.enterElement(i)
			c.walk(v.Index(i), plugin)
			c.leave()
		}
	case reflect.Map:
		for _, x := range rawEntries(v, nil) {
			c.enter(x.key)
			c.key(x.key)
			c.walk(x.reflect(), plugin)
			c.leave()
		}
	case reflect.Struct:
		c.walkStruct(v, plugin)
	}
}

func (c *checker) walkStruct(v reflect.Value, plugin bool) {
	switch e := encoderOf(v.Type()).(type) {
	case exprEncoder:
		c.expr(exprOf(v), plugin)
	case *structEncoder:
		for i := range e.fields {
			fd := &e.fields[i]
			if !e.omits(fd, v) {
				c.enter(fd.name)
				c.walk(v.Field(fd.index), plugin || fd.name == "plugins")
				c.leave()
			}
		}
		if others := e.others(v); len(others) > 0 {
			c.own(v.Field(e.inline))
		}
	}
}

// own checks what a user has written, who may well mean references that APISIX resolves.
func (c *checker) own(v reflect.Value) {
	before := c.users
	c.users = true
	c.walk(v, false)
	c.users = before
}

// text checks one string. APISIX resolves a plugin's string that starts with $env:// or $secret:// for each request, and
// the json provider substitutes ${{NAME}} in all strings, after it has parsed the file, so that nothing can prevent it.
func (c *checker) text(s string, plugin bool) {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		c.addHere("%.100q holds a NUL, which cuts it", s)
	case !utf8.ValidString(s):
		c.addHere("%.100q is not UTF-8", s)
	}
	if c.users {
		return
	}
	if c.format == JSON && strings.Contains(s, "${{") {
		c.addHere("%.100q holds ${{, which APISIX would substitute in JSON", s)
	}
	if plugin && strings.HasPrefix(s, "$") && isSecretReference(s) {
		c.addHere("%.100q is a reference that APISIX would resolve", s)
	}
}

func isSecretReference(s string) bool {
	for _, prefix := range []string{"$env://", "$secret://"} {
		if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// key checks a key of a map: as a string, and for what YAML asks of a key.
func (c *checker) key(key string) {
	c.text(key, false)
	switch {
	case key == mergeKey:
		c.addHere("is YAML's merge key")
	case keyTooLong(key):
		c.addHere("is a key of more than %d bytes", MaxKey)
	}
}

func (c *checker) number(x float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		c.addHere("is %v, which JSON cannot hold", x)
	}
}
