package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"surety.test/workload"
)

// headers collects repeated -header K=V flags.
type headers []string

func (h *headers) String() string { return strings.Join(*h, ", ") }
func (h *headers) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("want KEY=VALUE")
	}
	*h = append(*h, key, value)
	return nil
}

// call opens one stream to any method with an empty message and prints how it
// ended. Unary methods look the same from here.
func call(ctx context.Context, args []string) error {
	var extra headers
	flags := flag.NewFlagSet("call", flag.ExitOnError)
	flags.Var(&extra, "header", "metadata KEY=VALUE, repeatable; none is added unasked")
	enough := flags.Int("messages", 0, "stop after this many messages (0: when the stream ends)")
	limit := flags.Duration("for", 10*time.Second, "give up after")
	_ = flags.Parse(args)
	if flags.NArg() != 1 {
		return errors.New("call needs one METHOD, such as /SpiffeWorkloadAPI/FetchX509SVID")
	}
	socket, err := workload.Socket()
	if err != nil {
		return err
	}
	conn, err := workload.Dial(socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, extra...)

	messages, err := drain(ctx, conn, flags.Arg(0), *enough)
	say("status", map[string]any{"code": status.Code(err).String(), "message": fmt.Sprint(status.Convert(err).Message()),
		"messages": messages})
	return nil
}

// drain counts messages until `enough` or the end of the stream. Nil: ended OK.
func drain(ctx context.Context, conn *grpc.ClientConn, method string, enough int) (int, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method)
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(&emptypb.Empty{}); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	for messages := 0; ; messages++ {
		if enough > 0 && messages == enough {
			return messages, nil
		}
		if err := stream.RecvMsg(&emptypb.Empty{}); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return messages, err
		}
	}
}
