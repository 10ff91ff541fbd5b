package match

import (
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// ofDump is the mesh of a dump, rendered with these options.
func ofDump(s *snapshot.Snapshot, o render.Options) *Mesh {
	rendered := render.Render(s, o)
	return OfRendered(s, rendered.Config, rendered.Findings(), o)
}
