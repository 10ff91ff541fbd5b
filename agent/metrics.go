package agent

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Metrics are the agent's metrics. The names of those on the file follow Prometheus's own prometheus_config_last_reload_*.
type Metrics struct {
	Registry *prometheus.Registry

	connected   prometheus.Gauge
	streams     prometheus.Counter
	responses   *prometheus.CounterVec
	nacks       *prometheus.CounterVec
	resources   *prometheus.GaugeVec
	findings    *findingsMetric
	userFiles   *prometheus.GaugeVec
	renders     prometheus.Histogram
	commits     prometheus.Counter
	suppressed  prometheus.Counter
	failures    prometheus.Counter
	successful  prometheus.Gauge
	lastSuccess prometheus.Gauge
	fileBytes   prometheus.Gauge
	verified    prometheus.Gauge
	refused     prometheus.Gauge
}

// NewMetrics makes the metrics, with those of the Go runtime and the process, in a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry:  prometheus.NewRegistry(),
		connected: gauge("xds_connected", "Whether the stream to the control plane is up."),
		streams:   counter("xds_streams_total", "Streams to the control plane that were opened."),
		responses: counters("xds_responses_total", "Responses of the control plane.", "type"),
		nacks:     counters("xds_nacks_total", "Responses of the control plane that were refused in part.", "type"),
		resources: gauges("xds_resources", "Resources in the last snapshot.", "type"),
		findings:  newFindingsMetric(),
		userFiles: gauges("user_file_valid", "Whether a file of plugin configurations or an overlay can be used as it is; "+
			"if not, what it held before stays in force.", "file"),
		commits:     counter("config_writes_total", "Times that the file was replaced."),
		suppressed:  counter("config_writes_suppressed_total", "Times that the file was left alone, as nothing in it would have changed."),
		failures:    counter("config_write_failures_total", "Times that the file could not be written."),
		successful:  gauge("config_last_write_successful", "Whether the last attempt to write the file succeeded."),
		lastSuccess: gauge("config_last_write_success_timestamp_seconds", "Time of the last attempt to write the file that succeeded."),
		fileBytes:   gauge("config_bytes", "Size of the file."),
		verified:    gauge("apisix_config_loaded", "Whether APISIX has loaded what was written last; only with --apisix-control."),
		refused:     gauge("apisix_objects_refused", "Objects of the file that APISIX has not loaded; only with --apisix-control."),
	}
	m.renders = prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: "render_seconds",
		Help: "Time to render a snapshot.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 13)})
	m.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.connected, m.streams, m.responses, m.nacks, m.resources, m.findings, m.userFiles, m.renders, m.commits, m.suppressed,
		m.failures, m.successful, m.lastSuccess, m.fileBytes, m.verified, m.refused)
	return m
}

const namespace = "amesh_render"

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func gauges(name, help, label string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}

// rendered counts a rendering.
func (m *Metrics) rendered(s *snapshot.Snapshot, findings func() []render.Finding, took time.Duration) {
	m.renders.Observe(took.Seconds())
	m.resources.WithLabelValues("listener").Set(float64(s.Listeners().Len()))
	m.resources.WithLabelValues("route_config").Set(float64(s.RouteConfigurations().Len()))
	m.resources.WithLabelValues("cluster").Set(float64(s.Clusters().Len()))
	m.resources.WithLabelValues("endpoints").Set(float64(s.Endpoints().Len()))
	m.findings.set(findings)
}

// files tells of the files that users give.
func (m *Metrics) files(set *plugins.Set) {
	m.userFiles.Reset()
	if set == nil {
		return
	}
	for _, f := range set.Files {
		m.userFiles.WithLabelValues(f.Name).Set(1)
	}
	for _, o := range set.Overlays {
		m.userFiles.WithLabelValues(o.Name).Set(1)
	}
	for _, broken := range set.Broken {
		m.userFiles.WithLabelValues(broken.File).Set(0)
	}
}

// written counts a write that succeeded.
func (m *Metrics) written(r watch.Result) {
	if r.Written {
		m.commits.Inc()
	} else {
		m.suppressed.Inc()
	}
	m.fileBytes.Set(float64(r.Size))
}

// tried counts an attempt to commit.
func (m *Metrics) tried(o watch.Outcome) {
	if o.Err != nil {
		m.failures.Inc()
		m.successful.Set(0)
		return
	}
	m.successful.Set(1)
	m.lastSuccess.SetToCurrentTime()
}
