// Package workload speaks the SPIFFE Workload API without the comfort of
// go-spiffe: no retry, no waiting, every status as the server sent it.
package workload

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	pb "github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// Socket is where SPIFFE_ENDPOINT_SOCKET points, in the form unix:///path.
func Socket() (string, error) {
	path, ok := strings.CutPrefix(os.Getenv("SPIFFE_ENDPOINT_SOCKET"), "unix://")
	if !ok || !strings.HasPrefix(path, "/") {
		return "", errors.New("SPIFFE_ENDPOINT_SOCKET must be unix:///absolute/path")
	}
	return path, nil
}

// Dial gives a channel to the socket. Nothing is connected before the first call.
func Dial(socket string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	options = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}),
	}, options...)
	return grpc.NewClient("passthrough:///workload", options...)
}

// WithHeader adds the metadata that every Workload API call must carry.
func WithHeader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "workload.spiffe.io", "true")
}

// Stream opens FetchX509SVID on a connection.
func Stream(ctx context.Context, conn *grpc.ClientConn) (grpc.ServerStreamingClient[pb.X509SVIDResponse], error) {
	return pb.NewSpiffeWorkloadAPIClient(conn).FetchX509SVID(WithHeader(ctx), &pb.X509SVIDRequest{})
}

// Leaf gives the leaf of a response's default SVID. It fails where the response
// holds none, or holds a key that does not parse.
func Leaf(response *pb.X509SVIDResponse) (*x509.Certificate, error) {
	if len(response.Svids) == 0 {
		return nil, errors.New("a response without an SVID")
	}
	svid := response.Svids[0]
	chain, err := x509.ParseCertificates(svid.X509Svid)
	if err != nil {
		return nil, fmt.Errorf("the chain of %s: %w", svid.SpiffeId, err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(svid.X509SvidKey); err != nil {
		return nil, fmt.Errorf("the key of %s: %w", svid.SpiffeId, err)
	}
	return chain[0], nil
}
