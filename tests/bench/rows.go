//go:build linux

package main

import (
	"fmt"
	"time"
)

// row is one kind of work.
type row struct {
	name   string
	from   string // from what to what
	push   push
	cold   bool    // by an agent that has just started
	file   bool    // the file is written, if it changes
	settle bool    // all that is done once the bytes are there is done, too
	disk   bool    // the floor is to write the file, not to decode the responses, and time is what a clock shows
	goal   float64 // times the floor; 0 for none
}

var rows = []row{
	{name: "cold", from: "all responses → bytes of the file", push: pushAll, cold: true, goal: 1.3},
	{name: "cold, and settled", from: "all responses → bytes of the file, resources compressed", push: pushAll, cold: true, settle: true},
	{name: "one endpoint changed", from: "response → file replaced", push: pushEndpoint, settle: true, file: true, disk: true, goal: 1.2},
	{name: "one VirtualService changed", from: "RDS and CDS, whole → bytes of the file", push: pushVirtualService, settle: true, goal: 1},
	{name: "one service added", from: "CDS, its endpoints, RDS → bytes of both commits", push: pushService, settle: true},
	{name: "nothing changed", from: "all responses again → no write", push: pushAll, settle: true, file: true, goal: 0.3},
}

// result is what was measured of one row at one size.
type result struct {
	Row         string `json:"row"`
	Services    int    `json:"services"`
	Floor, Ours cost
	Responses   int `json:"responses"` // bytes of an operation's responses
	File        int `json:"file"`      // bytes of the file
}

// times are what is compared of a row.
func (r row) times(m result) (floor, ours time.Duration) {
	if r.disk {
		return m.Floor.Wall, m.Ours.Wall
	}
	return m.Floor.CPU, m.Ours.CPU
}

func (r row) goalText() string {
	if r.goal == 0 {
		return ""
	}
	return fmt.Sprintf("≤ %.1f×", r.goal)
}
