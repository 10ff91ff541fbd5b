//go:build linux

package main

import (
	"os"
	"path/filepath"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
)

// decode is the floor of work that begins with responses: each is decoded, and each resource in it, as any client does that
// looks at what it gets.
func decode(responses [][]byte) error {
	for _, b := range responses {
		r := new(discoveryv3.DiscoveryResponse)
		if err := proto.Unmarshal(b, r); err != nil {
			return err
		}
		for _, a := range r.GetResources() {
			if _, err := a.UnmarshalNew(); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace is the floor of work that ends with the file: the same bytes are written to a new file, which is flushed and
// renamed. There is no way to do with less that no crash can spoil.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "floor-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // there only after an error
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
