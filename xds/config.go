package xds

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/keepalive"
)

// Config says which control plane to follow, and how. Only Address is needed.
type Config struct {
	Address Address
	Mode    Mode
	// Node is whose configuration to ask for. Run keeps the message, which must not be modified.
	Node *corev3.Node

	// TLS is for grpcs addresses alone.
	TLS TLS
	// TokenFile holds a bearer token for the control plane, such as the one that Kubernetes projects for istiod. It is read
	// for every stream, so that one that has been renewed is used.
	TokenFile string
	// PlaintextToken allows that token to be sent over TCP in plain text, which anybody on the way can read and then use.
	PlaintextToken bool

	// Timeout is how long a control plane may leave everything that was asked of one kind unanswered before the stream is
	// given up for a new one: 30 seconds if zero. It doubles, up to eight times, for as long as that does not help.
	Timeout time.Duration
	// Grace is how long one resource may be missing from what the control plane answers before it is taken not to exist:
	// if zero 15 seconds, as in other clients.
	Grace time.Duration
	// MinBackoff and MaxBackoff bound the pause before a new attempt, of which a random part is taken: from 250 milliseconds,
	// doubled with every failure, to 30 seconds if they are zero.
	MinBackoff, MaxBackoff time.Duration
	// Random yields numbers in [0, 1) for the pauses: math/rand/v2's if nil.
	Random func() float64

	// Logger gets connections, refusals and nothing else; nil for none.
	Logger *slog.Logger
	// Observer gets what is worth counting; nil for none.
	Observer Observer

	keepalive keepalive.ClientParameters
}

// Mode is the variant of the protocol.
type Mode int

const (
	// Auto is Delta, or StateOfTheWorld where the control plane does not implement that.
	Auto Mode = iota
	// Delta is the incremental protocol: the control plane sends what has changed.
	Delta
	// StateOfTheWorld is the older protocol: the control plane sends all resources of a kind when one has changed.
	StateOfTheWorld
)

var modeNames = [...]string{Auto: "auto", Delta: "delta", StateOfTheWorld: "sotw"}

// ParseMode reads the name of a mode: auto, delta or sotw; "" is auto.
func ParseMode(s string) (Mode, error) {
	for m, name := range modeNames {
		if name == cmp.Or(s, "auto") {
			return Mode(m), nil
		}
	}
	return 0, fmt.Errorf("xds mode %q: expected auto, delta or sotw", s)
}

// String is the name of the mode, as ParseMode reads it.
func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("Mode(%d)", int(m))
	}
	return modeNames[m]
}

// other is the variant to try where this one is not implemented.
func (m Mode) other() Mode {
	if m == Delta {
		return StateOfTheWorld
	}
	return Delta
}

// validate finds contradictions. What may yet come right, such as a file that is not there, is no contradiction.
func (c *Config) validate() error {
	switch {
	case c.Address == Address{}:
		return errors.New("xds: no address")
	case c.Mode < Auto || c.Mode > StateOfTheWorld:
		return fmt.Errorf("xds: there is no mode %d", c.Mode)
	case c.TLS != TLS{} && !c.Address.Encrypted():
		return fmt.Errorf("xds: root, server name and certificate are for grpcs:// addresses, and %s is not encrypted", c.Address)
	case (c.TLS.CertFile == "") != (c.TLS.KeyFile == ""):
		return errors.New("xds: a client certificate needs a certificate file and a key file")
	case c.TokenFile != "" && !c.Address.private() && !c.PlaintextToken:
		return fmt.Errorf("xds: the token in %q would be sent to %s in plain text; use grpcs://, or allow it", c.TokenFile, c.Address)
	}
	return nil
}

// completed is the configuration with its defaults.
func (c Config) completed() Config {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Grace = cmp.Or(c.Grace, 15*time.Second)
	c.MinBackoff = cmp.Or(c.MinBackoff, 250*time.Millisecond)
	c.MaxBackoff = cmp.Or(c.MaxBackoff, 30*time.Second)
	// Istiod ends connections that ping more often than every 15 seconds.
	c.keepalive = cmp.Or(c.keepalive, keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second})
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = blind{}
	}
	return c
}
