package cmd

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/agent"
	"github.com/amesh-render/amesh-render/watch"
)

type agentFlags struct {
	set                                *pflag.FlagSet
	output, style, statusAddr, control string
	maxDown                            time.Duration
	pace                               watch.Pace
	stream                             *agent.Stream // to the control plane; nil for a dump
	connectionFlags
	nodeFlags
	renderFlags
	pluginFlags
	fileFlags
	logFlags
}

func (f *agentFlags) declare(set *pflag.FlagSet) {
	f.set = set
	set.StringVarP(&f.output, "output", "o", "", "keep this `FILE` current")
	set.StringVar(&f.style, "style", "lines", "`STYLE` of the file")
	choices(set, "style", styles...)
	f.declareConnection(set)
	f.declareNode(set)
	f.declareRender(set)
	protocol := heading(set, "Protocol")
	f.declareAnnotations(set)
	protocol()
	f.declarePlugins(set)
	f.declareFile(set)
	f.declarePace(set)
	f.declareStatus(set)
	f.declareLog(set)
}

func (f *agentFlags) declarePace(set *pflag.FlagSet) {
	defer heading(set, "Pace")()
	pace := watch.DefaultPace()
	set.DurationVar(&f.pace.Quiet, "quiet", pace.Quiet, "how long no change must have come for those gathered to be written")
	set.DurationVar(&f.pace.Max, "max-delay", pace.Max, "how long the first of them waits at most")
	set.DurationVar(&f.pace.Floor, "min-interval", pace.Floor, "least time between two writes; at least 1s")
	set.DurationVar(&f.pace.Step, "step-interval", pace.Step, "least time after a write that another must follow (make before break)")
}

func (f *agentFlags) declareStatus(set *pflag.FlagSet) {
	defer heading(set, "Status")()
	set.StringVar(&f.statusAddr, "status-addr", "127.0.0.1:15021", "`ADDRESS` of the status pages; empty for none")
	set.DurationVar(&f.maxDown, "ready-max-down", 0, "not ready once the control plane has been away for longer; 0 for never")
	set.StringVar(&f.control, "apisix-control", "", "`URL` of APISIX's control API, to verify what it has loaded, such as http://127.0.0.1:9090")
}
