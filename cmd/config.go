package cmd

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/templates"
)

var configCommand = command{
	name:    "config",
	summary: "writes APISIX's static configuration, config.yaml, for a pod",
	help: `
Prints config.yaml, the static configuration of Apache APISIX 3.18, for a sidecar or a gateway whose routes amesh-render
writes. Comments in it say why each setting is there.

With --dir it makes a directory that is to be mounted as APISIX's conf directory, or writes to the one that is there:
config.yaml, Lua plugins, mime.types, and an empty apisix.yaml if there is none. A config.yaml that it has not written itself
is kept, and an error; with --init, as in an init container, it is replaced. Files are replaced atomically, so it can be run
again at any time; what has not changed is not touched.
`,
	examples: []example{
		{"Read what a sidecar's APISIX is told:", "amesh-render config | less"},
		{"In the pod's init container; the agent and APISIX mount the same volume:",
			"amesh-render config --init --dir /etc/apisix-conf"},
		{"A gateway with two ports, and two settings of your own:", `
amesh-render config --role gateway --listen 8080,8443 \
    --set nginx_config.event.worker_connections=65536 --set apisix.enable_http2=false`},
	},
	exits:   exits{},
	seeAlso: []string{"agent", "once", "docs/config.md", "docs/limits.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(configFlags)
		f.declare(set)
		return f.run
	},
}

// declare declares the flags. Those that once and the agent have too are of the same name.
func (f *configFlags) declare(set *pflag.FlagSet) {
	set.StringVar(&f.role, "role", string(render.Sidecar), "`ROLE` of the proxy")
	choices(set, "role", string(render.Sidecar), string(render.Gateway))
	set.StringVar(&f.dir, "dir", "", "write the files to this `DIR` instead of printing config.yaml")
	set.BoolVar(&f.init, "init", false, "as an init container: replace any config.yaml in the directory, and listen on IPv6 if this machine speaks it")
	set.StringVar(&f.mountedAt, "mounted-at", "/usr/local/apisix/conf", "`PATH` of the directory in APISIX's container")
	set.StringVar(&f.owner, "file-owner", "", "numeric `UID:GID` of the files and directories (default: whoever writes them)")
	set.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE` in config.yaml: a.b.c=VALUE in YAML, null to remove; may be given several times")
	f.declarePorts(set)
	f.declareAPISIX(set)
	f.declareConfigPlugins(set)
}

func (f *configFlags) declarePorts(set *pflag.FlagSet) {
	defer heading(set, "Port")()
	set.IntVar(&f.outboundPort, "outbound-port", render.DefaultOutboundPort, "`PORT` on which APISIX gets the pod's outbound connections")
	set.IntVar(&f.inboundPort, "inbound-port", render.DefaultInboundPort, "`PORT` on which APISIX gets the pod's inbound connections")
	set.IntVar(&f.outboundTCPPort, "outbound-tcp-port", 15002, "`PORT` of APISIX for outbound TCP")
	set.IntVar(&f.inboundTCPPort, "inbound-tcp-port", 15007, "`PORT` of APISIX for inbound TCP")
	set.IntSliceVar(&f.listen, "listen", []int{8080}, "`PORTS` of a gateway's HTTP listeners")
	set.IntSliceVar(&f.tcpListen, "tcp-listen", nil, "`PORTS` of a gateway's TCP and TLS passthrough listeners")
	set.StringVar(&f.ipv6, "ipv6", "", "whether to listen on IPv6 beside IPv4 (default on; auto with --init)")
	choices(set, "ipv6", "on", "off", "auto: if this machine speaks it")
}

func (f *configFlags) declareAPISIX(set *pflag.FlagSet) {
	defer heading(set, "APISIX")()
	set.StringVar(&f.workers, "workers", "", "`NUMBER` of nginx's worker processes, or auto for one per core (default 2, auto for gateways)")
	set.StringVar(&f.errorLogLevel, "error-log-level", "warn", "`LEVEL` of APISIX's error log")
	choices(set, "error-log-level", "debug", "info", "notice", "warn: the least at which it tells what it has loaded")
	set.StringVar(&f.accessLog, "access-log", "on", "whether requests are logged, as JSON on standard output")
	choices(set, "access-log", "on", "off")
	set.StringVar(&f.buffering, "response-buffering", "off", "whether nginx gathers answers before passing them on; the plugin proxy-cache needs it")
	choices(set, "response-buffering", "on", "off")
	set.DurationVar(&f.shutdownTimeout, "shutdown-timeout", defaultShutdown, "how long a worker that stops waits for its connections")
	set.StringSliceVar(&f.resolvers, "dns-resolver", nil, "`ADDRESSES` of the name servers (default: those of /etc/resolv.conf)")
	set.StringVar(&f.upstreamTLS, "upstream-tls", "", "`WAY` with endpoints whose certificates Envoy would verify (default refuse)")
	choices(set, "upstream-tls",
		"refuse: the renderer lets them get no requests",
		"verified: turns on nginx's proxy_ssl_verify",
		"unverified: they are called, whoever they are")
	set.StringVar(&f.trustStore, "trusted-certificate", "", "`FILE` of certificate authorities, in APISIX's container (default: the system's)")
}

func (f *configFlags) declareConfigPlugins(set *pflag.FlagSet) {
	defer heading(set, "Plugin")()
	set.StringVar(&f.lua, "lua", "on", "whether APISIX gets the Lua plugins of amesh-render")
	choices(set, "lua", "on", "off")
	set.StringVar(&f.plugins, "plugins", "all", "`WHICH` of APISIX's plugins are loaded")
	choices(set, "plugins",
		"all: but for ai, which leaks memory, and those that need more configuration",
		"rendered: only those that amesh-render itself uses")
	set.StringArrayVar(&f.custom, "custom-plugin", nil, "`NAME` of a plugin of your own that APISIX has; may be given several times")
}

func (f *configFlags) run(s Streams, args []string) error {
	if len(args) > 0 {
		return usageError{errors.New("takes no arguments")}
	}
	if f.init && f.dir == "" {
		return usageError{errors.New("--init needs --dir")}
	}
	settings, err := f.settings()
	if err != nil {
		return usageError{err}
	}
	text, err := templates.Config(settings)
	if err != nil {
		return err
	}
	if text, err = override(text, f.set, s.Err); err != nil {
		return usageError{err}
	}
	if f.dir == "" {
		_, err := s.Out.Write(text)
		return err
	}
	return f.writeDir(text)
}
