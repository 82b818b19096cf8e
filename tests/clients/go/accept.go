package main

import (
	"context"
	"errors"
	"net"
)

// acceptUntil gives each connection to `serve` until `ctx` is over, which is no error.
func acceptUntil(ctx context.Context, listener net.Listener, serve func(net.Conn)) error {
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	say("listening", nil)
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		serve(conn)
	}
}
