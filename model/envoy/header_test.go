package envoy

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

// Each row: a matcher on header "x", and whether it matches for each of: x absent; x empty; x: abc; x: ABC.
func TestHeaders(t *testing.T) {
	for _, tc := range []struct {
		matcher                  string
		absent, empty, abc, uABC bool
	}{
		{``, false, true, true, true},
		{`,"invert_match":true`, true, false, false, false},
		{`,"present_match":true`, false, true, true, true},
		{`,"present_match":false`, true, false, false, false},
		{`,"present_match":true,"invert_match":true`, true, false, false, false},
		{`,"present_match":false,"invert_match":true`, false, true, true, true},
		{`,"present_match":true,"treat_missing_header_as_empty":true`, true, true, true, true},
		{`,"present_match":false,"treat_missing_header_as_empty":true`, false, false, false, false},
		{`,"string_match":{"exact":"abc"}`, false, false, true, false},
		{`,"string_match":{"exact":"aBc","ignore_case":true}`, false, false, true, true},
		{`,"string_match":{"exact":""}`, false, true, false, false},
		{`,"string_match":{"exact":"abc"},"invert_match":true`, false, true, false, true},
		{`,"string_match":{"exact":"abc"},"invert_match":true,"treat_missing_header_as_empty":true`, true, true, false, true},
		{`,"string_match":{"exact":""},"treat_missing_header_as_empty":true`, true, true, false, false},
		{`,"string_match":{"exact":""},"treat_missing_header_as_empty":true,"invert_match":true`, false, false, true, true},
		{`,"string_match":{"prefix":"ab"}`, false, false, true, false},
		{`,"string_match":{"prefix":"ab","ignore_case":true}`, false, false, true, true},
		{`,"string_match":{"suffix":"bc"}`, false, false, true, false},
		{`,"string_match":{"suffix":"BC","ignore_case":true}`, false, false, true, true},
		{`,"string_match":{"contains":"b"}`, false, false, true, false},
		{`,"string_match":{"contains":"B","ignore_case":true}`, false, false, true, true},
		{`,"string_match":{"safe_regex":{"regex":"a.c"}}`, false, false, true, false},
		{`,"string_match":{"safe_regex":{"regex":"a.c"},"ignore_case":true}`, false, false, true, false},
		{`,"string_match":{"safe_regex":{"regex":"b"}}`, false, false, false, false},
		{`,"string_match":{"safe_regex":{"regex":".*"}},"treat_missing_header_as_empty":true`, true, true, true, true},
		{`,"exact_match":"abc"`, false, false, true, false},
		{`,"exact_match":""`, false, true, true, true},
		{`,"exact_match":"abc","invert_match":true`, false, true, false, true},
		{`,"prefix_match":"a"`, false, false, true, false},
		{`,"suffix_match":"c"`, false, false, true, false},
		{`,"contains_match":"b"`, false, false, true, false},
		{`,"safe_regex_match":{"regex":"[a-z]+"}`, false, false, true, false},
		{`,"safe_regex_match":{"regex":"[a-z]*"}`, false, true, true, false},
	} {
		t.Run(tc.matcher, func(t *testing.T) {
			match := `"prefix":"/","headers":[{"name":"X"` + tc.matcher + `}]`
			checkMatch(t, match, get("h", "/", model.Header{Name: "y", Value: "abc"}), tc.absent)
			checkMatch(t, match, get("h", "/", model.Header{Name: "x", Value: ""}), tc.empty)
			checkMatch(t, match, get("h", "/", model.Header{Name: "x", Value: "abc"}), tc.abc)
			checkMatch(t, match, get("h", "/", model.Header{Name: "x", Value: "ABC"}), tc.uABC)
		})
	}
}

func TestHeaderRanges(t *testing.T) {
	const match = `"prefix":"/","headers":[{"name":"x","range_match":{"start":-3,"end":10}}]`
	for value, want := range map[string]bool{
		"-3": true, "0": true, "9": true, "10": false, "-4": false, "+7": true, "007": true, " 5 ": true,
		"1.5": false, "0x1": false, "1e0": false, "": false, "five": false, "99999999999999999999": false,
	} {
		checkMatch(t, match, get("h", "/", model.Header{Name: "x", Value: value}), want)
	}
}

func TestRepeatedHeadersAreJoined(t *testing.T) {
	r := get("h", "/", model.Header{Name: "x", Value: "a"}, model.Header{Name: "x", Value: "b"})
	checkMatch(t, `"prefix":"/","headers":[{"name":"x","string_match":{"exact":"a,b"}}]`, r, true)
	checkMatch(t, `"prefix":"/","headers":[{"name":"x","string_match":{"exact":"a"}}]`, r, false)
}

func TestPseudoHeaders(t *testing.T) {
	r := get("Host:80", "/a?b")
	for name, value := range map[string]string{
		":method": "GET", ":path": "/a?b", ":authority": "Host:80", "host": "Host:80", ":scheme": "http",
	} {
		checkMatch(t, `"prefix":"/","headers":[{"name":"`+name+`","string_match":{"exact":"`+value+`"}}]`, r, true)
	}
}

// Each row: a matcher on parameter "q", and whether it matches for each of: no q; ?q; ?q=; ?q=a%20b&q=c.
func TestQueryParameters(t *testing.T) {
	for _, tc := range []struct {
		matcher                      string
		absent, bare, empty, encoded bool
	}{
		{``, false, true, true, true},
		{`,"present_match":true`, false, true, true, true},
		{`,"present_match":false`, true, false, false, false},
		{`,"string_match":{"exact":""}`, false, true, true, false},
		{`,"string_match":{"exact":"a%20b"}`, false, false, false, true},
		{`,"string_match":{"exact":"a b"}`, false, false, false, false},
		{`,"string_match":{"exact":"c"}`, false, false, false, false},
		{`,"string_match":{"prefix":"A","ignore_case":true}`, false, false, false, true},
		{`,"string_match":{"safe_regex":{"regex":".*"}}`, false, true, true, true},
	} {
		t.Run(tc.matcher, func(t *testing.T) {
			match := `"prefix":"/","query_parameters":[{"name":"q"` + tc.matcher + `}]`
			checkMatch(t, match, get("h", "/?Q=1&&r=q"), tc.absent)
			checkMatch(t, match, get("h", "/?r=1&q"), tc.bare)
			checkMatch(t, match, get("h", "/?q="), tc.empty)
			checkMatch(t, match, get("h", "/?q=a%20b&q=c"), tc.encoded)
		})
	}
}
