package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"sync"
	"time"

	"surety.test/workload"
)

// service is how a server over mTLS should treat revocation: it looks at the CRLs at
// every handshake, never resumes a session, and at each update of the Workload API ends
// the connections of those it would not let in now.
type service struct {
	mu    sync.Mutex
	trust *trust             // Guarded by mu; nil before the first update.
	live  map[*tls.Conn]bool // Guarded by mu.
}

func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("service", flag.ExitOnError)
	address := flags.String("listen", "", "abstract or file Unix socket")
	_ = flags.Parse(args)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &service{live: map[*tls.Conn]bool{}}
	first := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- s.follow(ctx, first)
		cancel()
	}()
	select {
	case <-first:
	case <-ctx.Done():
		return <-ended
	}
	listener, err := net.Listen("unix", *address)
	if err != nil {
		return err
	}
	if err := acceptUntil(ctx, listener, func(plain net.Conn) { go s.answer(plain) }); err != nil {
		return err
	}
	return <-ended
}

// follow takes updates until `ctx` is over, and connects again where the daemon has gone
// meanwhile: what was last said stands until its CRLs have run out.
func (s *service) follow(ctx context.Context, first chan<- struct{}) error {
	socket, err := workload.Socket()
	if err != nil {
		return err
	}
	conn, err := workload.Dial(socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	for ctx.Err() == nil {
		stream, err := workload.Stream(ctx, conn)
		for err == nil {
			response, failed := stream.Recv()
			if err = failed; err != nil {
				break
			}
			update, failed := newTrust(response)
			if failed != nil {
				return failed
			}
			if s.take(update) {
				close(first)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
	return nil
}

// take puts an update in force and cuts who is not let in any more; whether it is the first.
func (s *service) take(update *trust) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.trust == nil
	s.trust = update
	for conn := range s.live {
		if err := update.judge(conn.ConnectionState().PeerCertificates, time.Now()); err != nil {
			// Not conn.Close(): that would wait for a peer that does not read.
			conn.NetConn().Close()
			say("cut", map[string]any{"error": err.Error()})
		}
	}
	return first
}

func (s *service) current() *trust {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trust
}

// config is that of one handshake.
func (s *service) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	now := s.current()
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{now.own},
		ClientAuth:   tls.RequireAnyClientCert,
		// Who resumes a session is not asked for a certificate again.
		SessionTicketsDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return now.judge(state.PeerCertificates, time.Now())
		},
	}, nil
}

// enter makes a connection one of those that are looked at, unless it would not be let in
// by what has come during its handshake.
func (s *service) enter(conn *tls.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.trust.judge(conn.ConnectionState().PeerCertificates, time.Now()); err != nil {
		return err
	}
	s.live[conn] = true
	return nil
}

func (s *service) leave(conn *tls.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, conn)
}

// answer gives each line back until the peer has enough, or its SVID has expired.
func (s *service) answer(plain net.Conn) {
	defer plain.Close()
	conn := tls.Server(plain, &tls.Config{GetConfigForClient: s.config})
	_ = plain.SetDeadline(time.Now().Add(5 * time.Second))
	err := conn.Handshake()
	if err == nil {
		err = s.enter(conn)
	}
	if err != nil {
		say("refused", map[string]any{"error": err.Error()})
		return
	}
	defer s.leave(conn)
	_ = plain.SetDeadline(conn.ConnectionState().PeerCertificates[0].NotAfter)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if _, err := fmt.Fprintln(conn, lines.Text()); err != nil {
			return
		}
	}
}
