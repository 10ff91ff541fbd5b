package validate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/validate"
)

// FuzzCheck: no text makes the checks panic, every problem has its place in the text, and a second look finds the same.
func FuzzCheck(f *testing.F) {
	for _, tt := range planted {
		text, _ := frame(tt.text)
		f.Add(text, false)
	}
	f.Add(bomb(), false)
	f.Add(`{"routes":[{"id":"r","uri":"/a","plugins":{"cors":{"allow_credential":true}}}]}`, true)
	f.Fuzz(func(t *testing.T, text string, json bool) {
		name := "apisix.yaml"
		if json {
			name = "apisix.json"
		}
		file, err := standalone.Read(name, []byte(text))
		if err != nil {
			return
		}
		found := validate.Check(file, validate.Options{})
		for _, p := range found {
			if p.Line < 1 || p.Line > 1+strings.Count(text, "\n") || p.Column < 1 {
				t.Errorf("%d:%d: %s: not in the text", p.Line, p.Column, p)
			}
		}
		if again := validate.Check(file, validate.Options{}); fmt.Sprint(again) != fmt.Sprint(found) {
			t.Errorf("got %v, and then %v", found, again)
		}
	})
}
