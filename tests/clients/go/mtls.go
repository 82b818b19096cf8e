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

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// mtlsServer answers one caller after the other until it is stopped.
func mtlsServer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("mtls-server", flag.ExitOnError)
	address := flags.String("listen", "", "abstract or file Unix socket")
	peers := flags.String("peers", "", "trust domain of the callers; our own if empty")
	_ = flags.Parse(args)
	source, err := newSource(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	peerDomain, err := peerDomainOf(*peers, source)
	if err != nil {
		return err
	}
	plain, err := net.Listen("unix", *address)
	if err != nil {
		return err
	}
	listener := tls.NewListener(plain, tlsconfig.MTLSServerConfig(source, source, tlsconfig.AuthorizeMemberOf(
		peerDomain)))
	return acceptUntil(ctx, listener, func(conn net.Conn) {
		if err := answer(conn); err != nil {
			say("refused", map[string]any{"error": err.Error()})
		}
	})
}

// peerID is the other side's identity, of a connection whose handshake is done.
func peerID(conn net.Conn) (spiffeid.ID, error) {
	secured, ok := conn.(*tls.Conn)
	if !ok || len(secured.ConnectionState().PeerCertificates) == 0 {
		return spiffeid.ID{}, errors.New("the connection has no peer certificate")
	}
	return x509svid.IDFromCert(secured.ConnectionState().PeerCertificates[0])
}

func answer(conn net.Conn) error {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	peer, err := peerID(conn)
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
	peers := flags.String("peers", "", "trust domain of the server; our own if empty")
	every := flags.Duration("every", 0, "connect again and again, so often")
	_ = flags.Parse(args)
	source, err := newSource(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	peerDomain, err := peerDomainOf(*peers, source)
	if err != nil {
		return err
	}
	config := tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeMemberOf(peerDomain))
	if *every == 0 {
		return ask(*address, config)
	}
	for {
		if err := ask(*address, config); err != nil {
			say("failed", map[string]any{"error": err.Error()})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(*every):
		}
	}
}

// ask sends one line on a new connection.
func ask(address string, config *tls.Config) error {
	plain, err := net.Dial("unix", address)
	if err != nil {
		return err
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(5 * time.Second))
	conn := tls.Client(plain, config)
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
	peer, err := peerID(conn)
	if err != nil {
		return err
	}
	say("answered", map[string]any{"peer": peer.String(),
		"authority": fmt.Sprintf("%x", conn.ConnectionState().PeerCertificates[0].AuthorityKeyId)})
	return nil
}
