package envoy

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

func TestActions(t *testing.T) {
	for _, tc := range []struct {
		action string
		want   any
	}{
		{`"redirect":{}`, 301},
		{`"redirect":{"response_code":"FOUND"}`, 302},
		{`"redirect":{"response_code":"SEE_OTHER"}`, 303},
		{`"redirect":{"response_code":"TEMPORARY_REDIRECT"}`, 307},
		{`"redirect":{"response_code":"PERMANENT_REDIRECT"}`, 308},
		{`"direct_response":{"status":418,"body":{"inline_string":"no"}}`, 418},
		{`"route":{"cluster":"c"}`, "c"},
		{`"route":{"cluster_header":"x-cluster"}`, "from-header"},
		{`"route":{"cluster_header":"x-none"}`, 503},
		{`"route":{"cluster_header":"x-none","cluster_not_found_response_code":"NOT_FOUND"}`, 404},
		{`"route":{"weighted_clusters":{"clusters":[{"name":"a","weight":3},{"name":"b","weight":1}]}}`, "b"},
		{`"route":{"weighted_clusters":{"header_name":"x-n","clusters":[{"name":"a","weight":3},{"name":"b","weight":1}]}}`,
			"a"},
		{`"route":{"weighted_clusters":{"clusters":[{"cluster_header":"x-cluster","weight":1}]}}`, "from-header"},
		{`"route":{"weighted_clusters":{"clusters":[{"name":"a","weight":0}]}}`, "undecided"},
		{`"route":{"cluster_specifier_plugin":"p"}`, "undecided"},
		{`"non_forwarding_action":{}`, "undecided"},
	} {
		t.Run(tc.action, func(t *testing.T) {
			rc := table(t, `{"virtual_hosts":[{"name":"v","domains":["*"],"routes":[
				{"match":{"prefix":"/"},`+tc.action+`}]}]}`)
			r := get("h", "/", model.Header{Name: "x-cluster", Value: "from-header"}, model.Header{Name: "x-n", Value: "4"})
			r.Random = 7
			if got := rc.Route(r, nil); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
