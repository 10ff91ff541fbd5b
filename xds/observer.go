package xds

import "github.com/amesh-render/amesh-render/xds/snapshot"

// Observer is told what is worth counting. Its methods are called from one goroutine, and must not block.
type Observer interface {
	// Connected: a stream has brought its first response, in this variant of the protocol.
	Connected(Mode)
	// Disconnected: a stream has ended, or could not be opened, for this reason; nil when Run itself ends it.
	Disconnected(error)
	// Received: a response has come, with so many resources of so many bytes together.
	Received(k snapshot.Kind, resources, bytes int)
	// Rejected: a response was refused, for this reason.
	Rejected(k snapshot.Kind, reason string)
	// Published: this snapshot is now the latest.
	Published(*snapshot.Snapshot)
}

// blind is an Observer that does nothing.
type blind struct{}

func (blind) Connected(Mode)                   {}
func (blind) Disconnected(error)               {}
func (blind) Received(snapshot.Kind, int, int) {}
func (blind) Rejected(snapshot.Kind, string)   {}
func (blind) Published(*snapshot.Snapshot)     {}
