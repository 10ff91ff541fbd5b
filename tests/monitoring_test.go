package tests

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/agent"
)

// TestMonitoringMetrics holds the metrics that alerts, dashboard and documents name against those that the agent has.
func TestMonitoringMetrics(t *testing.T) {
	have := agentMetrics()
	named := regexp.MustCompile(`\b(?:amesh_render|process)_[a-z_]+[a-z]\b`)
	for _, path := range []string{"../examples/monitoring/alerts.yaml", "../examples/monitoring/dashboard.json", "../docs/operate.md", "../docs/agent.md", "../docs/plugins.md", "../docs/troubleshoot.md"} {
		for _, name := range named.FindAllString(content(t, path), -1) {
			if !slices.Contains(have, name) && !slices.Contains(have, strings.TrimSuffix(name, "_bucket")) {
				t.Errorf("%s names %s, which the agent does not have", path, name)
			}
		}
	}
	operate := content(t, "../docs/operate.md")
	for _, name := range have {
		if strings.HasPrefix(name, "amesh_render_") && !strings.Contains(operate, "`"+name) {
			t.Errorf("docs/operate.md does not explain %s", name)
		}
	}
}

// agentMetrics are the names of the agent's metrics, also of those that have no value yet.
func agentMetrics() (names []string) {
	descriptions := make(chan *prometheus.Desc)
	go func() {
		agent.NewMetrics().Registry.Describe(descriptions)
		close(descriptions)
	}()
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	for description := range descriptions {
		names = append(names, name.FindStringSubmatch(description.String())[1])
	}
	return names
}

// TestMonitoringAlerts checks that each alert says what it is about, and that docs/operate.md says what to do.
func TestMonitoringAlerts(t *testing.T) {
	var rule struct {
		Kind string
		Spec struct {
			Groups []struct {
				Rules []struct {
					Alert, Expr         string
					Labels, Annotations map[string]string
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(content(t, "../examples/monitoring/alerts.yaml")), &rule); err != nil {
		t.Fatal(err)
	}
	if rule.Kind != "PrometheusRule" || len(rule.Spec.Groups) != 1 || len(rule.Spec.Groups[0].Rules) < 8 {
		t.Fatalf("it is not the PrometheusRule that it should be: %+v", rule)
	}
	operate := content(t, "../docs/operate.md")
	for _, alert := range rule.Spec.Groups[0].Rules {
		if !strings.Contains(operate, "| `"+alert.Alert+"` |") {
			t.Errorf("docs/operate.md does not say what to do about %s", alert.Alert)
		}
		if alert.Expr == "" || alert.Labels["severity"] == "" || alert.Annotations["summary"] == "" || alert.Annotations["description"] == "" {
			t.Errorf("%s lacks something: %+v", alert.Alert, alert)
		}
		if strings.Count(alert.Expr, "(") != strings.Count(alert.Expr, ")") {
			t.Errorf("%s: parentheses do not match in %s", alert.Alert, alert.Expr)
		}
	}
}

// TestMonitoringDashboard checks what Grafana would stumble over.
func TestMonitoringDashboard(t *testing.T) {
	text, err := os.ReadFile("../examples/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title, UID string
		Panels     []struct {
			ID          int
			Type, Title string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, panel := range dashboard.Panels {
		if ids[panel.ID] {
			t.Errorf("%s: another panel has the id %d", panel.Title, panel.ID)
		}
		ids[panel.ID] = true
		if (panel.Type == "row") != (len(panel.Targets) == 0) {
			t.Errorf("%s: a panel of type %s with %d queries", panel.Title, panel.Type, len(panel.Targets))
		}
		for x := panel.GridPos.X; x < panel.GridPos.X+panel.GridPos.W; x++ {
			for y := panel.GridPos.Y; y < panel.GridPos.Y+panel.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies over %q, or outside, at %d,%d", panel.Title, other, x, y)
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
	}
	if len(ids) < 12 {
		t.Errorf("%d panels", len(ids))
	}
}
