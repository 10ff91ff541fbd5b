package render

import (
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A headerSide is one of the two kinds of messages whose headers are changed.
type headerSide struct {
	variables string // what the variables of its own headers begin with
	response  bool
	field     string // the beginning of the fields of its operations
}

var (
	requestSide  = headerSide{variables: "http_", field: "request_headers_to_"}
	responseSide = headerSide{variables: "sent_http_", response: true, field: "response_headers_to_"}
)

// commandVariables are the variables that stand for Envoy's command operators without arguments.
var commandVariables = map[string][]string{
	"DOWNSTREAM_REMOTE_ADDRESS":                     {"remote_addr", "remote_port"},
	"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":        {"remote_addr"},
	"DOWNSTREAM_REMOTE_PORT":                        {"remote_port"},
	"DOWNSTREAM_DIRECT_REMOTE_ADDRESS":              {"realip_remote_addr", "realip_remote_port"},
	"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": {"realip_remote_addr"},
	"DOWNSTREAM_DIRECT_REMOTE_PORT":                 {"realip_remote_port"},
	"HOSTNAME":                                      {"hostname"},
	"REQUESTED_SERVER_NAME":                         {"ssl_server_name"},
}

// clientAddress is how the address of the client differs.
const clientAddress = "the client's address is that of the connection, unless APISIX's config.yaml (real_ip_from) says otherwise; " +
	"Envoy takes it from X-Forwarded-For where use_remote_address is off or proxies are trusted"

// Those that differ, with the difference.
var nearCommands = map[string]struct{ variable, difference string }{
	"PROTOCOL":   {"server_protocol", "%PROTOCOL% is HTTP/2.0 where Envoy has HTTP/2"},
	"START_TIME": {"time_iso8601", "%START_TIME% is the time of the operation, in seconds and with an offset from UTC"},
}

// Those that are known in responses only.
var responseCommands = map[string][]string{
	"UPSTREAM_HOST":           {"balancer_ip", "balancer_port"},
	"UPSTREAM_REMOTE_ADDRESS": {"balancer_ip", "balancer_port"},
	"RESPONSE_CODE":           {"status"},
}

// A headerValue is the value of a header operation.
type headerValue struct {
	text     string   // as APISIX interpolates it
	plain    string   // the value itself, when it has no variables
	variable bool     // it has variables, and may be empty
	refers   []string // headers of the same message that it depends on
	asks     []string // headers of the request that a response's value depends on
	near     []string // differences
}

// parseHeaderValue reads a value with command operators. The error says which part of it cannot be expressed.
func parseHeaderValue(value string, side headerSide) (headerValue, error) {
	var out headerValue
	var t apisix.Interpolation
	for rest := value; rest != ""; {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			i = len(rest)
		}
		t.Text(rest[:i])
		out.plain += rest[:i]
		rest = rest[i:]
		switch command, after, err := cutCommand(rest); {
		case err != nil:
			return out, err
		case rest == "":
		case command == "":
			t.Text("%")
			out.plain += "%"
			rest = after
		default:
			variables, ok := out.command(command, side)
			if !ok {
				return out, fmt.Errorf("APISIX has nothing for %q", "%"+command+"%")
			}
			for i, v := range variables {
				if i > 0 {
					t.Text(":")
				}
				t.Variable(v)
			}
			out.variable = true
			rest = after
		}
	}
	out.text = t.String()
	return out, nil
}

// cutCommand cuts the command operator at the beginning of a text, without its percent signs: "" for the literal "%%".
func cutCommand(s string) (command, after string, err error) {
	if s == "" {
		return "", "", nil
	}
	end := strings.IndexByte(s[1:], '%')
	if open := strings.IndexByte(s, '('); open > 0 && end >= 0 && open < end+1 { // an argument may hold a percent sign
		end = -1
		if closing := strings.Index(s[open:], ")"); closing >= 0 {
			if next := strings.IndexByte(s[open+closing:], '%'); next >= 0 {
				end = open + closing + next - 1
			}
		}
	}
	if end < 0 {
		return "", "", fmt.Errorf("%.50q is no command operator", s)
	}
	return s[1 : end+1], s[end+2:], nil
}

// command is the variables that stand for an operator.
func (h *headerValue) command(command string, side headerSide) ([]string, bool) {
	if v, ok := commandVariables[command]; ok {
		if strings.HasPrefix(command, "DOWNSTREAM_REMOTE_") {
			h.near = append(h.near, clientAddress)
		}
		return v, true
	}
	if c, ok := nearCommands[command]; ok {
		h.near = append(h.near, c.difference)
		return []string{c.variable}, true
	}
	if v, ok := responseCommands[command]; ok && side.response {
		return v, true
	}
	name, argument, ok := strings.Cut(command, "(")
	argument, closed := strings.CutSuffix(argument, ")")
	if !ok || !closed {
		return nil, false
	}
	switch {
	case name == "REQ":
		return h.requestHeader(argument, side)
	case name == "RESP" && side.response && plainName(argument):
		h.refers = append(h.refers, argument)
		return []string{"sent_http_" + headerVariableName(argument)}, true
	}
	return nil, false
}

// requestHeader is the variable for %REQ(name)%.
func (h *headerValue) requestHeader(name string, side headerSide) ([]string, bool) {
	lower := strings.ToLower(name)
	if side.response && (lower == ":path" || lower == ":authority") {
		h.near = append(h.near, "%REQ("+lower+")% is as the client sent it; in responses Envoy takes what it was rewritten to")
	}
	switch lower {
	case ":method":
		return []string{"request_method"}, true
	case ":authority":
		return []string{"http_host"}, true
	case ":scheme":
		return []string{"scheme"}, true
	case ":path":
		return []string{"real_request_uri"}, true
	}
	if side.response {
		h.asks = append(h.asks, name)
	} else {
		h.refers = append(h.refers, name)
	}
	return []string{"http_" + headerVariableName(name)}, plainName(name)
}

// plainName reports whether APISIX's variable for a header stands for that header alone: it does not tell "-" from "_".
func plainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return name != ""
}
