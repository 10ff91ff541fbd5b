package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/amesh-render/amesh-render/render"
)

// Stream is what is known of the stream to the control plane. The zero value is one that never was up.
type Stream struct {
	mu   sync.Mutex
	up   bool
	last time.Time // when it was last up; zero if never
}

// Set tells whether the stream is up at that time.
func (s *Stream) Set(up bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if up || s.up {
		s.last = now
	}
	s.up = up
}

// Down is for how long the stream has been down; 0 when it is up, and since start when it never was.
func (s *Stream) Down(start, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.up:
		return 0
	case s.last.IsZero():
		return now.Sub(start)
	}
	return now.Sub(s.last)
}

// Server serves the agent's health, readiness, metrics and debug pages.
type Server struct {
	Agent *Agent
	// Stream, with MaxDown above 0, makes the agent not ready once the stream has been down for longer. By default a
	// control plane that is away makes nobody unready: the file serves on.
	Stream  *Stream
	MaxDown time.Duration
	Start   time.Time
}

// Handler is the pages: /healthz, /readyz, /metrics, /debug/snapshot, /debug/findings.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Agent.Metrics.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/snapshot", s.snapshot)
	mux.HandleFunc("GET /debug/findings", s.findings)
	return mux
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if reasons := s.unready(time.Now()); len(reasons) > 0 {
		http.Error(w, strings.Join(reasons, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// unready lists why the agent is not ready.
func (s *Server) unready(now time.Time) (reasons []string) {
	status := s.Agent.Status()
	if !status.Written {
		reasons = append(reasons, "no complete configuration is written yet")
	}
	if status.Err != nil {
		reasons = append(reasons, "the file could not be written: "+status.Err.Error())
	}
	if down := s.Stream.Down(s.Start, now); s.MaxDown > 0 && down > s.MaxDown {
		reasons = append(reasons, fmt.Sprintf("the stream to the control plane has been down for %v", down.Round(time.Second)))
	}
	if s.Agent.Verifier != nil {
		reasons = append(reasons, s.unverified()...)
	}
	return reasons
}

// unverified says what APISIX has not loaded.
func (s *Server) unverified() []string {
	v := s.Agent.Verifier.Result()
	switch {
	case v.Done && v.Err != nil:
		return []string{"APISIX cannot be asked what it has loaded: " + v.Err.Error()}
	case v.Done && !v.Loaded:
		return []string{"APISIX has not loaded the file"}
	case len(v.Refused) > 0:
		return []string{"APISIX has not loaded: " + strings.Join(v.Refused, " ")}
	}
	return nil
}

func (s *Server) snapshot(w http.ResponseWriter, _ *http.Request) {
	snapshot := s.Agent.Status().Snapshot
	if snapshot == nil {
		http.Error(w, "there is no snapshot yet", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := snapshot.WriteDump(w); err != nil {
		s.Agent.Log.Warn("the snapshot could not be sent", "error", err)
	}
}

func (s *Server) findings(w http.ResponseWriter, _ *http.Request) {
	findings := s.Agent.Status().Findings()
	if findings == nil {
		findings = []render.Finding{}
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(findings); err != nil {
		s.Agent.Log.Warn("the findings could not be sent", "error", err)
	}
}
