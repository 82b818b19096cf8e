// client is a workload that uses go-spiffe, and the tests' eye on what an
// ordinary Go program sees of the daemon. It prints one JSON object a line and
// exits 0, 1 on failure, 2 on wrong usage. The endpoint is SPIFFE_ENDPOINT_SOCKET.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: client MODE [flags]
  x509 [-write DIR]            X.509-SVIDs and bundles, once
  jwt AUDIENCE                 tokens and JWT bundles, and who believes them
  wit                          WIT-SVIDs and their bundles, believed by the library
  watch [-for D]               every update and error until D is over
  hold -n N [-for D]           N watchers; reports each time all of them hold an
                               SVID and each time all of them have got a new one
  mtls-server -listen UNIX [-peers TRUSTDOMAIN]
                               echoes one line to each authenticated caller
  mtls-client -dial UNIX [-peers TRUSTDOMAIN] [-every D]
                               sends one line and prints who answered; again and again
                               on new connections with -every
  bundle -url URL -trust-domain TRUST-DOMAIN [-server ID -bundle FILE | -ca FILE]
                               what the library's own federation client fetches
  service -listen UNIX         echoes lines to authenticated callers until they are
                               revoked: how a server should treat revocation
  call [-header K=V]... METHOD an arbitrary call: its status, and messages counted
`

var modes = map[string]func(context.Context, []string) error{
	"x509":        fetchX509,
	"jwt":         fetchJWT,
	"wit":         fetchWIT,
	"watch":       watch,
	"hold":        hold,
	"mtls-server": mtlsServer,
	"mtls-client": mtlsClient,
	"bundle":      fetchBundle,
	"service":     serve,
	"call":        call,
}

func main() {
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := modes[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

var started = time.Now()

// say prints one event with the time since the start in milliseconds.
func say(kind string, fields map[string]any) {
	line := map[string]any{"kind": kind, "ms": time.Since(started).Milliseconds()}
	for k, v := range fields {
		line[k] = v
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}
