// Package bookinfo carries the dump of the example in the binary, for trying things out without a mesh.
package bookinfo

import _ "embed"

// Dump is what istiod sends to the sidecar of Bookinfo's productpage, as Envoy's config_dump.
//
//go:embed config_dump.json
var Dump []byte
