package apisix

import "strings"

// interpolate replaces variables in a plugin's string: $name and ${name}, and ${name ?? default}, the default being
// taken literally where the variable is absent. A "$" after a backslash stays, as does one that no name follows.
// Variables that the model does not know count as absent.
func (q *request) interpolate(template string) string {
	return interpolate(template, q.resolve)
}

// interpolate is that of a request, after which the headers of the response are known too.
func (x *exchange) interpolate(template string) string {
	return x.interpolateWith(template, func(s string) string { return s })
}

// interpolateWith escapes what the variables hold.
func (x *exchange) interpolateWith(template string, escape func(string) string) string {
	return interpolate(template, func(reference string) string {
		name, byDefault, _ := strings.Cut(reference, "??")
		if strings.TrimRight(name, space) == "upstream_uri" {
			return escape(x.target)
		}
		if sent, ok := strings.CutPrefix(strings.TrimRight(name, space), "sent_http_"); ok {
			if v := x.sent(sent); !v.absent() {
				return escape(v.text)
			}
			byDefault, _, _ = strings.Cut(byDefault, "??")
			return escape(strings.Trim(byDefault, space))
		}
		return escape(x.resolve(reference))
	})
}

func interpolate(template string, resolve func(string) string) string {
	var b strings.Builder
	for rest := template; rest != ""; {
		i := strings.IndexByte(rest, '$')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		name, length := reference(rest[i:])
		if length == 0 || strings.HasSuffix(template[:len(template)-len(rest)+i], `\`) {
			b.WriteByte('$')
			rest = rest[i+1:]
			continue
		}
		b.WriteString(resolve(name))
		rest = rest[i+length:]
	}
	return b.String()
}

// reference is the name inside the reference at the start of s, which starts with "$", and the reference's length: 0 if
// it is none.
func reference(s string) (name string, length int) {
	if strings.HasPrefix(s, "${") {
		if end := strings.IndexByte(s, '}'); end > 2 && strings.Trim(s[2:end], space) != "" {
			return strings.Trim(s[2:end], space), end + 1
		}
		return "", 0
	}
	length = 1
	for length < len(s) && wordOrDot(s[length]) {
		length++
	}
	if length == 1 {
		return "", 0
	}
	return s[1:length], length
}

const space = " \t\n\v\f\r"

func wordOrDot(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

func (q *request) resolve(reference string) string {
	name, byDefault, _ := strings.Cut(reference, "??")
	if v, _ := q.variable(strings.TrimRight(name, space)); !v.absent() {
		return v.String()
	}
	byDefault, _, _ = strings.Cut(byDefault, "??")
	return strings.Trim(byDefault, space)
}
