package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// grpcAnswer is Envoy's answer of its own to a gRPC call: status 200 and no body, the gRPC status and the message in the
// headers.
func grpcAnswer(status int, message string) variant {
	v := answer(200, "")
	v.route.Plugins.FaultInjection.Abort.Headers = map[string]string{
		"content-type": "application/grpc",
		"grpc-status":  strconv.Itoa(status),
		"grpc-message": apisix.Literal(grpcMessage(message)),
	}
	return v
}

// grpcMessage is a text as gRPC writes it in a header: what is not printable, and "%", percent-encoded.
func grpcMessage(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// grpcStatusOf is the gRPC status by which a gRPC client is told an HTTP status.
func grpcStatusOf(http int) int {
	switch http {
	case 400:
		return 13 // internal
	case 401:
		return 16 // unauthenticated
	case 403:
		return 7 // permission denied
	case 404:
		return 12 // unimplemented
	case 429, 502, 503, 504:
		return 14 // unavailable
	}
	return 2 // unknown
}
