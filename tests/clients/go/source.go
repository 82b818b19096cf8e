package main

import (
	"context"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// newSource is a workload's source of SVIDs and bundles, once it holds some.
func newSource(ctx context.Context) (*workloadapi.X509Source, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return workloadapi.NewX509Source(ctx)
}

// peerDomainOf is the trust domain of those to talk with.
func peerDomainOf(named string, source *workloadapi.X509Source) (spiffeid.TrustDomain, error) {
	if named == "" {
		return memberOf(source), nil
	}
	return spiffeid.TrustDomainFromString(named)
}

// memberOf is the trust domain of the source's own default SVID.
func memberOf(source *workloadapi.X509Source) spiffeid.TrustDomain {
	svid, err := source.GetX509SVID()
	if err != nil {
		return spiffeid.TrustDomain{}
	}
	return svid.ID.TrustDomain()
}
