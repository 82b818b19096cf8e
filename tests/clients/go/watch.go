package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// watch prints what a workload that keeps its SVIDs fresh would be told.
func watch(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("watch", flag.ExitOnError)
	limit := flags.Duration("for", time.Minute, "stop after")
	_ = flags.Parse(args)
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	err := workloadapi.WatchX509Context(ctx, printer{})
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("the watch ended for good: %w", err)
}

type printer struct{}

func (printer) OnX509ContextUpdate(have *workloadapi.X509Context) {
	svids := []map[string]any{}
	for _, svid := range have.SVIDs {
		svids = append(svids, map[string]any{"spiffe_id": svid.ID.String(), "hint": svid.Hint,
			"serial": fmt.Sprintf("%x", svid.Certificates[0].SerialNumber)})
	}
	bundles := map[string]int{}
	for _, bundle := range have.Bundles.Bundles() {
		bundles[bundle.TrustDomain().Name()] = len(bundle.X509Authorities())
	}
	say("update", map[string]any{"svids": svids, "bundles": bundles})
}

func (printer) OnX509ContextWatchError(err error) {
	if status.Code(err) == codes.Canceled && errors.Is(err, context.Canceled) {
		return
	}
	say("error", map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()})
}

// hold keeps N workloads' watchers, each with a connection of its own, and says
// when all of them hold a certificate they did not hold at the last report.
func hold(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("hold", flag.ExitOnError)
	n := flags.Int("n", 1, "watchers")
	limit := flags.Duration("for", time.Minute, "stop after")
	_ = flags.Parse(args)
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()

	fleet := &fleet{size: *n, fresh: map[int]string{}, failed: map[int]int{}, errs: map[string]int{}}
	var all sync.WaitGroup
	for i := range *n {
		all.Go(func() {
			err := workloadapi.WatchX509Context(ctx, member{i, fleet})
			if ctx.Err() == nil {
				fleet.ended(err)
			}
		})
	}
	all.Wait()
	if fleet.lost > 0 {
		return fmt.Errorf("%d watchers ended for good", fleet.lost)
	}
	return nil
}

type fleet struct {
	size int
	mu   sync.Mutex
	// Guarded by mu.
	fresh  map[int]string // watcher -> serial got since the last report
	failed map[int]int    // watcher -> errors since the last report
	errs   map[string]int // code -> how often since the last report
	rounds int
	lost   int
}

type member struct {
	index int
	fleet *fleet
}

func (m member) OnX509ContextUpdate(have *workloadapi.X509Context) {
	f := m.fleet
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh[m.index] = fmt.Sprintf("%x", have.DefaultSVID().Certificates[0].SerialNumber)
	if len(f.fresh) < f.size {
		return
	}
	distinct := map[string]bool{}
	for _, serial := range f.fresh {
		distinct[serial] = true
	}
	f.rounds++
	most := 0
	for _, errors := range f.failed {
		most = max(most, errors)
	}
	say("all_fresh", map[string]any{"round": f.rounds, "watchers": f.size, "distinct_serials": len(distinct),
		"errors": f.errs, "most_errors_of_one": most})
	f.fresh, f.failed, f.errs = map[int]string{}, map[int]int{}, map[string]int{}
}

func (m member) OnX509ContextWatchError(err error) {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	// What it got before belongs to a connection that is gone.
	delete(m.fleet.fresh, m.index)
	m.fleet.failed[m.index]++
	m.fleet.errs[status.Code(err).String()]++
	if m.fleet.errs[status.Code(err).String()] == 1 {
		say("error", map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()})
	}
}

func (f *fleet) ended(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost++
	say("ended", map[string]any{"code": status.Code(err).String()})
}
