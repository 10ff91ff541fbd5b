package envoy

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// isGRPC is Envoy's reading of a content type: application/grpc itself, or with "+".
func isGRPC(r *request) model.Verdict {
	contentType, _ := r.header("content-type")
	rest, found := strings.CutPrefix(contentType, "application/grpc")
	return model.Holds(found && (rest == "" || rest[0] == '+'))
}

// asGRPC is Envoy's own answer as a gRPC client gets it: 200, with the status and the body in headers.
func asGRPC(o model.Outcome) model.Outcome {
	if o.Kind != model.Answered && o.Kind != model.NoRoute {
		return o
	}
	headers := set(o.ResponseHeaders, "content-type", "application/grpc")
	if !present(headers, "grpc-status") {
		headers = set(headers, "grpc-status", strconv.Itoa(grpcStatus(o.Status)))
	}
	if o.Body != "" {
		headers = set(headers, "grpc-message", o.Body)
	}
	o.ResponseHeaders, o.Status, o.Body = headers, http.StatusOK, ""
	return o
}

// grpcStatus is the gRPC status for an HTTP one.
func grpcStatus(status int) int {
	const unknown, denied, unimplemented, internal, unavailable, unauthenticated = 2, 7, 12, 13, 14, 16
	switch status {
	case http.StatusBadRequest:
		return internal
	case http.StatusUnauthorized:
		return unauthenticated
	case http.StatusForbidden:
		return denied
	case http.StatusNotFound:
		return unimplemented
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return unavailable
	}
	return unknown
}
