package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"surety.test/workload"
)

// update is one message on one stream, or its end.
type update struct {
	stream int
	at     time.Time
	err    error
}

// open starts o.n streams over o.conns connections. Every message and every end
// goes to the channel, until the returned function is called.
func open(ctx context.Context, o options) (<-chan update, func(), error) {
	conns := make([]*grpc.ClientConn, o.conns)
	for i := range conns {
		var err error
		if conns[i], err = workload.Dial(o.socket); err != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	updates := make(chan update, 4*o.n)
	var all sync.WaitGroup
	for i := range o.n {
		all.Go(func() { follow(ctx, conns[i%o.conns], i, updates) })
	}
	return updates, func() {
		cancel()
		all.Wait()
		for _, conn := range conns {
			conn.Close()
		}
	}, nil
}

func follow(ctx context.Context, conn *grpc.ClientConn, index int, updates chan<- update) {
	stream, err := workload.Stream(ctx, conn)
	for err == nil {
		response, received := stream.Recv()
		if err = received; err != nil {
			break
		}
		at := time.Now()
		if _, err = workload.Leaf(response); err == nil {
			updates <- update{stream: index, at: at}
		}
	}
	if ctx.Err() == nil {
		updates <- update{stream: index, at: time.Now(), err: err}
	}
}

// awaitFirst gives each stream's time to its first SVID and the statuses of
// those that got none.
func awaitFirst(updates <-chan update, start time.Time, o options) ([]time.Duration, map[string]int) {
	var latencies []time.Duration
	failed := map[string]int{}
	seen := map[int]bool{}
	limit := time.After(o.limit)
	for len(seen) < o.n {
		select {
		case u := <-updates:
			if seen[u.stream] {
				continue
			}
			seen[u.stream] = true
			if u.err != nil {
				failed[status.Code(u.err).String()]++
			} else {
				latencies = append(latencies, u.at.Sub(start))
			}
		case <-limit:
			failed["no answer in time"] = o.n - len(seen)
			return latencies, failed
		}
	}
	return latencies, failed
}

type streamsReport struct {
	Mode           string         `json:"mode"`
	Streams        int            `json:"streams"`
	Conns          int            `json:"conns"`
	Served         int            `json:"served"`
	Failed         map[string]int `json:"failed"`
	First          spread         `json:"first_svid_ms"`
	BytesPerStream int64          `json:"daemon_bytes_per_stream"`
	CPUPerStream   float64        `json:"daemon_cpu_ms_per_stream"`
	Opening        spent          `json:"daemon_until_all_served"`
	Open           spent          `json:"daemon_while_open"`
	Closed         spent          `json:"daemon_after_close"`
}

func streams(ctx context.Context, o options) (any, error) {
	meter, err := newMeter(o.socket)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	updates, closeAll, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	latencies, failed := awaitFirst(updates, start, o)
	report := streamsReport{Mode: "streams", Streams: o.n, Conns: o.conns, Served: len(latencies), Failed: failed,
		First: spreadOf(latencies)}
	if report.Opening, err = meter.read(); err != nil {
		return nil, err
	}
	time.Sleep(o.settle)
	if report.Open, err = meter.read(); err != nil {
		return nil, err
	}
	closeAll()
	time.Sleep(o.settle)
	if report.Closed, err = meter.read(); err != nil {
		return nil, err
	}
	report.CPUPerStream = report.Opening.CPUMillis / float64(o.n)
	if served := int64(report.Served); served > 0 {
		report.BytesPerStream = (report.Open.RSSAfter - report.Open.RSSBefore) * 1024 / served
	}
	return report, nil
}

type rotationReport struct {
	Mode         string         `json:"mode"`
	Streams      int            `json:"streams"`
	Conns        int            `json:"conns"`
	Seconds      float64        `json:"seconds"`
	Renewals     int            `json:"renewals"`
	Ended        map[string]int `json:"ended"`
	CPUPerChange float64        `json:"daemon_cpu_ms_per_renewal"`
	Daemon       spent          `json:"daemon"`
}

// rotation counts what the daemon spends for each renewal, all of its work of
// that time included.
func rotation(ctx context.Context, o options) (any, error) {
	start := time.Now()
	updates, closeAll, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	if latencies, failed := awaitFirst(updates, start, o); len(latencies) < o.n {
		return nil, fmt.Errorf("only %d of %d streams were served: %v", len(latencies), o.n, failed)
	}
	meter, err := newMeter(o.socket)
	if err != nil {
		return nil, err
	}
	report := rotationReport{Mode: "rotation", Streams: o.n, Conns: o.conns, Seconds: o.hold.Seconds(),
		Ended: map[string]int{}}
	end := time.After(o.hold)
	for over := false; !over; {
		select {
		case u := <-updates:
			if u.err != nil {
				report.Ended[status.Code(u.err).String()]++
			} else {
				report.Renewals++
			}
		case <-end:
			over = true
		}
	}
	if report.Daemon, err = meter.read(); err != nil {
		return nil, err
	}
	if report.Renewals > 0 {
		report.CPUPerChange = report.Daemon.CPUMillis / float64(report.Renewals)
	}
	return report, nil
}
