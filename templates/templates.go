// Package templates holds the files that APISIX needs besides what is rendered: its static configuration, and the Lua
// plugins of ours. They are part of the program.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed config.yaml
var configText string

// MimeTypes is nginx's mime.types, which APISIX's nginx.conf includes from the directory of config.yaml.
//
//go:embed mime.types
var MimeTypes []byte

// Lua is the directory lua, as APISIX's extra_lua_path is to find it.
//
//go:embed all:lua
var Lua embed.FS

var configTemplate = template.Must(template.New("config.yaml").Funcs(template.FuncMap{
	"quote": quote,
	"lines": wrap,
}).Parse(configText))

// Settings are what differs from one config.yaml to another. All of it must be set, but for lists and what says otherwise.
type Settings struct {
	Gateway bool // false: a sidecar

	// Of a sidecar: where the interception rules send connections.
	OutboundPort, InboundPort       int
	OutboundTCPPort, InboundTCPPort int
	// Of a gateway: the ports of its listeners.
	Listen, TCPListen []int

	IPv6    bool
	Workers string // a number, or auto

	Lua     bool
	LuaPath string // for extra_lua_path, with Lua only

	Plugins, StreamPlugins []string // in the order in which they are written

	Resolvers       []string // IP addresses, with a port or without; none: those of /etc/resolv.conf
	BufferAnswers   bool     // gather answers before passing them on
	ErrorLogLevel   string
	AccessLog       bool
	ShutdownTimeout string // in nginx's notation
	// TrustStore is the file of certificate authorities that certificates are verified against; "" is the system's.
	TrustStore string
	// VerifyUpstreams turns verification on for endpoints that are called over TLS.
	VerifyUpstreams bool
}

// TCPPorts are the ports of the stream listeners.
func (s Settings) TCPPorts() []int {
	if s.Gateway {
		return s.TCPListen
	}
	return []int{s.OutboundTCPPort, s.InboundTCPPort}
}

// HTTPPorts are the ports of the HTTP listeners.
func (s Settings) HTTPPorts() []int {
	if s.Gateway {
		return s.Listen
	}
	return []int{s.OutboundPort, s.InboundPort}
}

// Config is APISIX's config.yaml. The same settings give the same bytes.
func Config(s Settings) ([]byte, error) {
	var b bytes.Buffer
	if err := configTemplate.Execute(&b, s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// quote is a string that every YAML reader reads as that string.
func quote(s string) string { return fmt.Sprintf("%q", s) }

// wrap is a list in brackets over lines of readable length, each behind the indentation.
func wrap(indent int, names []string) string {
	const width = 110
	margin := "\n" + strings.Repeat(" ", indent)
	var b strings.Builder
	b.WriteByte('[')
	column := width
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if column+1+len(name) > width {
			b.WriteString(margin)
			column = indent
		} else {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(name)
		column += len(name)
	}
	b.WriteString(margin[:max(1, len(margin)-2)] + "]")
	return b.String()
}
