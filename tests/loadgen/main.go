// loadgen measures a Workload API endpoint from a client's side. Each mode
// prints one JSON object. Traffic goes to SPIFFE_ENDPOINT_SOCKET alone, in
// bounded counts. docs/benchmarks.md says what the figures mean.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"surety.test/workload"
)

const usage = `usage: loadgen MODE [flags]
  first-svid   fetch -n times one after the other, each on a new connection
               (-reuse: all on one)
  streams      open -n streams over -conns connections and wait for the first
               SVID on each
  rotation     hold -n streams over -conns connections for -for, and count
               what is renewed
flags:
`

type options struct {
	socket string
	n      int
	conns  int
	reuse  bool
	hold   time.Duration
	limit  time.Duration
	settle time.Duration
}

var modes = map[string]func(context.Context, options) (any, error){
	"first-svid": firstSVID,
	"streams":    streams,
	"rotation":   rotation,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var o options
	flags := flag.NewFlagSet("loadgen", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage); flags.PrintDefaults() }
	flags.IntVar(&o.n, "n", 500, "fetches or streams")
	flags.IntVar(&o.conns, "conns", 0, "connections the streams are spread over (0: one each)")
	flags.BoolVar(&o.reuse, "reuse", false, "first-svid: one connection for all")
	flags.DurationVar(&o.hold, "for", time.Minute, "rotation: how long")
	flags.DurationVar(&o.limit, "limit", time.Minute, "give up on the first SVIDs after")
	flags.DurationVar(&o.settle, "settle", 2*time.Second, "streams: wait before the memory is read")
	if len(args) == 0 || modes[args[0]] == nil {
		flags.Usage()
		os.Exit(2)
	}
	_ = flags.Parse(args[1:])
	if o.n < 1 {
		return fmt.Errorf("-n %d: at least one", o.n)
	}
	if o.conns <= 0 || o.conns > o.n {
		o.conns = o.n
	}
	var err error
	if o.socket, err = workload.Socket(); err != nil {
		return err
	}
	report, err := modes[args[0]](context.Background(), o)
	if err != nil {
		return err
	}
	printer := json.NewEncoder(os.Stdout)
	printer.SetIndent("", "  ")
	return printer.Encode(report)
}
