package backtrack_test

import (
	"regexp/syntax"
	"testing"

	"github.com/amesh-render/amesh-render/internal/backtrack"
)

func TestRunsAway(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		want    bool
	}{
		{`(a+)+$`, true},
		{`(a*)*b`, true},
		{`(a|aa)+$`, true},
		{`(\w+\s?)*$`, true},
		{`([a-z]+,?)*;`, true},
		{`(.*)*x`, true},
		{`(x(a?b?)*)y`, true},
		{`((ab)+)*c`, true},
		{`(a{1,5})*b`, true},
		{`(?i:a+A)*`, true},
		{`(/[^/]+)*$`, false},
		{`([a-z]+\.)*com`, false},
		{`\A/api/v[0-9]+/.*\z`, false},
		{`.*a.*b`, false},
		{`(a{3})*b`, false},
		{`(a|b)*c`, false},
		{`^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$`, false},
	} {
		re, err := syntax.Parse(tt.pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := backtrack.RunsAway(re); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.pattern, got, tt.want)
		}
	}
}
