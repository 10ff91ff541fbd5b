package agent

import (
	"time"

	"github.com/amesh-render/amesh-render/xds"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Observer counts what happens on the stream to the control plane, and keeps what readiness must know of it.
type Observer struct {
	Metrics *Metrics
	Stream  *Stream
}

var _ xds.Observer = Observer{}

// Connected implements xds.Observer.
func (o Observer) Connected(xds.Mode) {
	o.Metrics.connected.Set(1)
	o.Metrics.streams.Inc()
	o.Stream.Set(true, time.Now())
}

// Disconnected implements xds.Observer.
func (o Observer) Disconnected(error) {
	o.Metrics.connected.Set(0)
	o.Stream.Set(false, time.Now())
}

// Received implements xds.Observer.
func (o Observer) Received(k snapshot.Kind, _, _ int) {
	o.Metrics.responses.WithLabelValues(k.String()).Inc()
}

// Rejected implements xds.Observer.
func (o Observer) Rejected(k snapshot.Kind, _ string) {
	o.Metrics.nacks.WithLabelValues(k.String()).Inc()
}

// Published implements xds.Observer.
func (o Observer) Published(*snapshot.Snapshot) {}
