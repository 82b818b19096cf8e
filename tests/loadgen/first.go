package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"surety.test/workload"
)

type firstReport struct {
	Mode        string  `json:"mode"`
	Reuse       bool    `json:"reuse"`
	N           int     `json:"n"`
	Latency     spread  `json:"latency_ms"`
	CPUPerFetch float64 `json:"daemon_cpu_ms_per_fetch"`
	Daemon      spent   `json:"daemon"`
}

// firstSVID measures from before the dial (or, with -reuse, before the call) to
// the parsed SVID.
func firstSVID(ctx context.Context, o options) (any, error) {
	kept, err := workload.Dial(o.socket)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	const warmUp = 20 // The first fetches pay for caches: the hash of this binary, the allocator.
	for range warmUp {
		if err := fetch(ctx, kept); err != nil {
			return nil, err
		}
	}
	meter, err := newMeter(o.socket)
	if err != nil {
		return nil, err
	}
	var latencies []time.Duration
	for range o.n {
		start := time.Now()
		if err := fetchOnce(ctx, o, kept); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(start))
	}
	daemon, err := meter.read()
	if err != nil {
		return nil, err
	}
	return firstReport{"first-svid", o.reuse, o.n, spreadOf(latencies), daemon.CPUMillis / float64(o.n), daemon}, nil
}

func fetchOnce(ctx context.Context, o options, kept *grpc.ClientConn) error {
	if o.reuse {
		return fetch(ctx, kept)
	}
	conn, err := workload.Dial(o.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	return fetch(ctx, conn)
}

func fetch(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := workload.Stream(ctx, conn)
	if err != nil {
		return err
	}
	response, err := stream.Recv()
	if err != nil {
		return err
	}
	_, err = workload.Leaf(response)
	return err
}
