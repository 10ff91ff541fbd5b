package agent

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/amesh-render/amesh-render/render"
)

// findingsMetric counts the findings of the last rendering by their severity, when it is scraped.
type findingsMetric struct {
	description *prometheus.Desc

	mu    sync.Mutex
	count func() map[render.Severity]int // nil before the first rendering
}

func newFindingsMetric() *findingsMetric {
	return &findingsMetric{description: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "findings"),
		"What the file does not express as Envoy would have applied it.", []string{"severity"}, nil)}
}

// set has the findings counted once, should anybody ask.
func (m *findingsMetric) set(findings func() []render.Finding) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count = sync.OnceValue(func() map[render.Severity]int {
		count := map[render.Severity]int{}
		for _, f := range findings() {
			count[f.Severity]++
		}
		return count
	})
}

// Describe implements prometheus.Collector.
func (m *findingsMetric) Describe(c chan<- *prometheus.Desc) { c <- m.description }

// Collect implements prometheus.Collector.
func (m *findingsMetric) Collect(c chan<- prometheus.Metric) {
	m.mu.Lock()
	count := m.count
	m.mu.Unlock()
	if count == nil {
		return
	}
	for _, severity := range render.Severities() {
		c <- prometheus.MustNewConstMetric(m.description, prometheus.GaugeValue, float64(count()[severity]), string(severity))
	}
}
