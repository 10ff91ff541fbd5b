package cmd

import (
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/agent"
	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// pluginFlags name what users add to what is rendered, for commands that render.
type pluginFlags struct{ configs, overlays, custom []string }

func (f *pluginFlags) declarePlugins(set *pflag.FlagSet) {
	defer heading(set, "Plugins and objects of your own")()
	set.StringArrayVar(&f.configs, "plugin-config", nil, "put the plugins of the AmeshPluginConfigs in this `PATH`, a file or a "+
		"directory of them, on the routes; may be given several times")
	set.StringArrayVar(&f.overlays, "overlay", nil, "add the objects in this `FILE`, a template; may be given several times")
	set.StringArrayVar(&f.custom, "custom-plugin", nil, "`NAME` of a plugin of your own that APISIX has; may be given several times")
}

// extend reads the files and adds them to the options for rendering the snapshot. It is an error if one of them cannot be
// read or understood.
func (f *pluginFlags) extend(o *render.Options, s *snapshot.Snapshot) error {
	o.CustomPlugins = f.custom
	files := f.files(slog.New(slog.DiscardHandler))
	if files == nil {
		return nil
	}
	set, err := files.read()
	if err != nil {
		return err
	}
	o.Plugins = set
	node := render.NodeOf(s, *o)
	for _, overlay := range set.Overlays {
		if _, _, err := overlay.Expand(node); err != nil {
			return err
		}
	}
	return nil
}

// files are those that the flags name; nil for none.
func (f *pluginFlags) files(log *slog.Logger) *userFiles {
	if len(f.configs)+len(f.overlays) == 0 {
		return nil
	}
	return newUserFiles(f.configs, f.overlays, log)
}

// follow reads what users add and lets the agent have it, now and, once it runs, whenever it changes. A file that is wrong
// from the start is an error, as is whatever else is known to be wrong before anything starts.
func (f *agentFlags) follow(a *agent.Agent) (*userFiles, error) {
	files := f.files(a.Log)
	if files == nil {
		return nil, nil
	}
	files.node = func() (plugins.Node, bool) {
		s := a.Status().Snapshot
		if s == nil {
			return plugins.Node{}, false
		}
		return render.NodeOf(s, a.Options), true
	}
	set, err := files.read()
	if err != nil {
		return nil, err
	}
	sets := make(chan *plugins.Set, 1)
	files.publish = func(set *plugins.Set) { replace(sets, set) }
	a.Options.Plugins, a.Plugins = set, sets
	a.Options.CustomPlugins = f.custom
	return files, nil
}
