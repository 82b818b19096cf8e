package main

import (
	"context"
	"time"

	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// withClient has `work` ask the Workload API over one connection, for no longer than `limit`.
func withClient(ctx context.Context, limit time.Duration,
	work func(context.Context, *workloadapi.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client, err := workloadapi.New(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return work(ctx, client)
}
