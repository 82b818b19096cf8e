package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffetls"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
)

// mtlsServer answers one caller after the other until it is stopped.
func mtlsServer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("mtls-server", flag.ExitOnError)
	address := flags.String("listen", "", "abstract or file Unix socket")
	_ = flags.Parse(args)
	source, err := newSource(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	plain, err := net.Listen("unix", *address)
	if err != nil {
		return err
	}
	listener := tls.NewListener(plain, tlsconfig.MTLSServerConfig(source, source, tlsconfig.AuthorizeMemberOf(
		memberOf(source))))
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
		if err := answer(conn); err != nil {
			say("refused", map[string]any{"error": err.Error()})
		}
	}
}

func answer(conn net.Conn) error {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	peer, err := spiffetls.PeerIDFromConn(conn)
	if err != nil {
		return err
	}
	say("served", map[string]any{"peer": peer.String()})
	_, err = fmt.Fprintf(conn, "%s\n", line[:len(line)-1])
	return err
}

func mtlsClient(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("mtls-client", flag.ExitOnError)
	address := flags.String("dial", "", "the server's Unix socket")
	_ = flags.Parse(args)
	source, err := newSource(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	plain, err := net.Dial("unix", *address)
	if err != nil {
		return err
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(5 * time.Second))
	conn := tls.Client(plain, tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeMemberOf(memberOf(source))))
	if _, err := fmt.Fprintln(conn, "hello"); err != nil {
		return err
	}
	echo, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if echo != "hello\n" {
		return fmt.Errorf("the server answered %q", echo)
	}
	peer, err := spiffetls.PeerIDFromConn(conn)
	if err != nil {
		return err
	}
	say("answered", map[string]any{"peer": peer.String()})
	return nil
}
