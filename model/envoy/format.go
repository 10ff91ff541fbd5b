package envoy

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// format is a header's value with command operators, as its parts.
type format []func(*formatContext) string

// formatContext is what command operators look at.
type formatContext struct {
	request    *request
	response   []model.Header
	responding bool // the operations are on the response
}

// changed keeps the context up to date while operations change the headers.
func (c *formatContext) changed(headers []model.Header) {
	if c.responding {
		c.response = headers
	} else {
		c.request.headers = headers
	}
}

// text is the value. Operators without a value are empty in it, not "-" as in access logs.
func (f format) text(c *formatContext) string {
	var b strings.Builder
	for _, part := range f {
		b.WriteString(part(c))
	}
	return b.String()
}

var commandOperator = regexp.MustCompile(`^%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::([0-9]+))?%`)

// newFormat prepares a value. problem says why it is not known what the value is.
func newFormat(text string) (f format, problem string) {
	for text != "" {
		percent := strings.IndexByte(text, '%')
		if percent < 0 {
			return append(f, literal(text)), ""
		}
		f, text = append(f, literal(text[:percent])), text[percent:]
		if strings.HasPrefix(text, "%%") {
			f, text = append(f, literal("%")), text[2:]
			continue
		}
		command := commandOperator.FindStringSubmatch(text)
		if command == nil {
			return nil, "a stray % in " + strconv.Quote(text) + ", which Envoy refuses"
		}
		part := operator(command[1], command[2], command[3])
		if part == nil {
			return nil, "command operator " + command[0] + " is not modelled"
		}
		f, text = append(f, part), text[len(command[0]):]
	}
	return f, ""
}

func literal(s string) func(*formatContext) string {
	return func(*formatContext) string { return s }
}

// operator is a command operator, nil for one that is not modelled.
func operator(name, argument, limit string) func(*formatContext) string {
	switch name {
	case "REQ":
		return headerOperator(argument, limit, (*formatContext).requestHeader)
	case "RESP":
		return headerOperator(argument, limit, (*formatContext).responseHeader)
	}
	if argument != "" || limit != "" {
		return nil
	}
	return plainOperators[name]
}

var plainOperators = map[string]func(*formatContext) string{
	"PROTOCOL": func(c *formatContext) string {
		if c.request.ProtocolOrDefault() == "h2c" {
			return "HTTP/2"
		}
		return strings.ToUpper(c.request.ProtocolOrDefault())
	},
	"REQUESTED_SERVER_NAME": func(c *formatContext) string { return c.request.serverName() },

	"DOWNSTREAM_REMOTE_ADDRESS":                     func(c *formatContext) string { return endpoint(c.request.client) },
	"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":        func(c *formatContext) string { return host(c.request.client) },
	"DOWNSTREAM_DIRECT_REMOTE_ADDRESS":              func(c *formatContext) string { return endpoint(c.request.Remote) },
	"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": func(c *formatContext) string { return host(c.request.Remote) },
	"DOWNSTREAM_LOCAL_ADDRESS":                      func(c *formatContext) string { return endpoint(c.request.local) },
	"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT":         func(c *formatContext) string { return host(c.request.local) },
	"DOWNSTREAM_LOCAL_PORT": func(c *formatContext) string {
		return strconv.Itoa(int(c.request.local.Port()))
	},
}

func endpoint(a netip.AddrPort) string {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}
func host(a netip.AddrPort) string { return a.Addr().Unmap().String() }

// headerOperator is %REQ(name?other):limit%: the first value of the first of the two headers that is there.
func headerOperator(argument, limit string, get func(*formatContext, string) (string, bool)) func(*formatContext) string {
	name, other, _ := strings.Cut(foldASCII(argument), "?")
	most, err := strconv.Atoi(limit)
	if limit != "" && err != nil || name == "" {
		return nil
	}
	return func(c *formatContext) string {
		value, found := get(c, name)
		if !found && other != "" {
			value, _ = get(c, other)
		}
		if limit != "" {
			value = value[:min(most, len(value))]
		}
		return value
	}
}

func (c *formatContext) requestHeader(name string) (string, bool) {
	if strings.HasPrefix(name, ":") || name == "host" {
		return c.request.header(name)
	}
	return first(c.request.headers, name)
}

func (c *formatContext) responseHeader(name string) (string, bool) { return first(c.response, name) }

func first(headers []model.Header, name string) (string, bool) {
	for _, h := range headers {
		if h.Name == name {
			return h.Value, true
		}
	}
	return "", false
}
