package xds

import (
	"context"
	"math"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
)

// connectTimeout is how long it may take to connect, TLS included.
const connectTimeout = 10 * time.Second

// dial opens a stream on a connection of its own. Whatever the credentials and the name service say now counts, and when
// to try again is for the client alone to decide.
func (c *Config) dial(ctx context.Context, m Mode) (protocol, error) {
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	ctx, err = c.authorized(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(c.Address.target,
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("amesh-render"),
		grpc.WithNoProxy(),              // an application's HTTPS_PROXY does not lead to its control plane
		grpc.WithDisableServiceConfig(), // which would be looked for in DNS, for every connection
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: grpcbackoff.DefaultConfig, MinConnectTimeout: connectTimeout}),
		grpc.WithKeepaliveParams(c.keepalive),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt), grpc.MaxCallSendMsgSize(math.MaxInt), grpc.ForceCodecV2(newCodec())),
	)
	if err != nil {
		return nil, err
	}
	p, err := converse(ctx, conn, m)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return p, nil
}

// converse opens a stream on a connection.
func converse(ctx context.Context, conn *grpc.ClientConn, m Mode) (protocol, error) {
	ads := discoveryv3.NewAggregatedDiscoveryServiceClient(conn)
	if m == StateOfTheWorld {
		stream, err := ads.StreamAggregatedResources(ctx)
		return &sotw{stream, conn}, err
	}
	stream, err := ads.DeltaAggregatedResources(ctx)
	return &delta{stream, conn}, err
}
