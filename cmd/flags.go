package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
)

// renderFlags are the flags of commands that render.
type renderFlags struct {
	role, originalDst         string
	extAuthz                  string
	upstreamTLS, lua          string
	outboundPort, inboundPort int
	// Those for TCP.
	outboundTCPPort, inboundTCPPort int
	portFlags
}

func (f *renderFlags) declareRender(set *pflag.FlagSet) {
	defer f.declarePorts(set, " (default, without any list: as the listeners that are rendered)")
	defer heading(set, "Rendering")()
	declareRole(set, &f.role)
	set.StringVar(&f.originalDst, "original-dst", "", "`HOW` APISIX knows the address that a client dialled (default runtime, lua with --lua=on, none for gateways)")
	choices(set, "original-dst",
		"runtime: by apisix-runtime's variable, in the official images",
		"lua: by the plugin amesh-destination, which knows IPv6 too",
		"host: by the Host header",
		"none: not at all; of services with one name, one is served")
	set.StringVar(&f.lua, "lua", "", "`WHETHER` APISIX has the plugins that \"amesh-render config\" writes (default off; for the agent on, where they are beside its output)")
	choices(set, "lua",
		"on: what stock plugins cannot do is done by those",
		"off: it is left out or refused, and reported")
	set.StringVar(&f.extAuthz, "ext-authz", "", "`WHAT` becomes of requests that Envoy would ask an HTTP service about (default refuse)")
	choices(set, "ext-authz",
		"refuse: they are refused",
		"forward-auth: APISIX asks, with another path than Envoy's")
	set.StringVar(&f.upstreamTLS, "upstream-tls", "", "`WAY` with endpoints whose certificates Envoy would verify, which APISIX does not (default refuse)")
	choices(set, "upstream-tls",
		"refuse: they get no requests",
		"verified: they are called; nginx's proxy_ssl_verify is on",
		"unverified: they are called, whoever they are")
	set.IntVar(&f.outboundPort, "outbound-port", render.DefaultOutboundPort, "`PORT` on which APISIX gets the pod's outbound connections")
	set.IntVar(&f.inboundPort, "inbound-port", render.DefaultInboundPort, "`PORT` on which APISIX gets the pod's inbound connections")
	set.IntVar(&f.outboundTCPPort, "outbound-tcp-port", render.DefaultOutboundTCPPort, "likewise the `PORT` for those that do not speak HTTP")
	set.IntVar(&f.inboundTCPPort, "inbound-tcp-port", render.DefaultInboundTCPPort, "likewise the `PORT` for those that do not speak HTTP")
}

// declareRole declares --role, which says whether the proxy is a sidecar or a gateway.
func declareRole(set *pflag.FlagSet, role *string) {
	set.StringVar(role, "role", "", "`ROLE` of the proxy (default: as the node id says, else sidecar)")
	choices(set, "role", string(render.Sidecar), string(render.Gateway))
}

// styles are the values of --style.
var styles = []string{"block: to be read by people", "lines: one resource a line, which APISIX reads faster"}

func (f *renderFlags) options() (o render.Options, err error) {
	if o.Role, err = render.ParseRole(f.role); err != nil {
		return o, err
	}
	if o.OriginalDst, err = render.ParseOriginalDst(f.originalDst); err != nil {
		return o, err
	}
	if o.ExtAuthz, err = render.ParseExtAuthz(f.extAuthz); err != nil {
		return o, err
	}
	if o.UpstreamTLS, err = render.ParseUpstreamTLS(f.upstreamTLS); err != nil {
		return o, err
	}
	if o.Lua, err = render.ParseLua(f.lua); err != nil {
		return o, err
	}
	o.OutboundPort, o.InboundPort = f.outboundPort, f.inboundPort
	o.OutboundTCPPort, o.InboundTCPPort = f.outboundTCPPort, f.inboundTCPPort
	if err := f.distinct(); err != nil {
		return o, err
	}
	if f.portFlags == (portFlags{}) {
		return o, nil
	}
	if f.protocolsFrom == "-" {
		return o, errors.New("--protocols-from: standard input may be the dump that is rendered; name a file")
	}
	table, err := f.table(nil)
	o.Ports = &table
	return o, err
}

// distinct checks that each of the ports of the proxy is one, and different from the others.
func (f *renderFlags) distinct() error {
	seen := map[int]string{}
	for _, p := range []struct {
		flag string
		port int
	}{{"--outbound-port", f.outboundPort}, {"--inbound-port", f.inboundPort},
		{"--outbound-tcp-port", f.outboundTCPPort}, {"--inbound-tcp-port", f.inboundTCPPort}} {
		if p.port < 1 || p.port > 65535 {
			return fmt.Errorf("port %d is not between 1 and 65535", p.port)
		}
		if other := seen[p.port]; other != "" {
			return fmt.Errorf("%s and %s are both %d: the connections cannot be told apart", other, p.flag, p.port)
		}
		seen[p.port] = p.flag
	}
	return nil
}

// fileFlags say how an output file is written.
type fileFlags struct {
	mode, owner string
	inPlace     bool
}

func (f *fileFlags) declareFile(set *pflag.FlagSet) {
	defer heading(set, "File")()
	set.StringVar(&f.mode, "file-mode", "", "permissions of the output file, as an octal `MODE` (default 0644, or 0640 when it holds private keys)")
	set.StringVar(&f.owner, "file-owner", "", "numeric `UID:GID` of the output file (default: whoever writes it)")
	set.BoolVar(&f.inPlace, "in-place", false, "rewrite the output file instead of replacing it; not atomic, "+
		"for a file that is a mount of its own")
}

// file is the output file at path, nil for standard output. In the style lines a file carries generation numbers.
func (f *fileFlags) file(path string, format apisix.Format) (_ *watch.File, err error) {
	if path == "-" {
		return nil, nil
	}
	if path == "" {
		return nil, fmt.Errorf("the output file has no name")
	}
	file := &watch.File{Path: path, InPlace: f.inPlace, Generation: format == apisix.Lines}
	if file.Mode, err = parseMode(f.mode); err != nil {
		return nil, err
	}
	if f.owner != "" {
		if file.Owner, err = parseOwner(f.owner); err != nil {
			return nil, err
		}
	}
	return file, nil
}

// parseMode reads permissions; "" is 0, which leaves them to watch.
func parseMode(s string) (fs.FileMode, error) {
	if s == "" {
		return 0, nil
	}
	mode, err := strconv.ParseUint(s, 8, 32)
	if err != nil || mode == 0 || mode > 0o777 {
		return 0, fmt.Errorf("file mode %q is not an octal number such as 0644", s)
	}
	return fs.FileMode(mode), nil
}

func parseOwner(s string) (*watch.Owner, error) {
	user, group, ok := strings.Cut(s, ":")
	uid, err1 := strconv.ParseUint(user, 10, 31)
	gid, err2 := strconv.ParseUint(group, 10, 31)
	if !ok || err1 != nil || err2 != nil {
		return nil, fmt.Errorf("file owner %q is not of the form UID:GID, such as 101:101", s)
	}
	return &watch.Owner{UID: int(uid), GID: int(gid)}, nil
}
