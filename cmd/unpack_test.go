package cmd

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

func TestUnpackHasALimit(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte("a"), 1000))
	_ = z.Close()
	if text, err := unpack(packed.Bytes(), 1000); len(text) != 1000 || err != nil {
		t.Errorf("got %d bytes and %v, want all", len(text), err)
	}
	if _, err := unpack(packed.Bytes(), 999); !errors.Is(err, snapshot.ErrUnpacked) {
		t.Errorf("got %v, want that it is too much", err)
	}
}
