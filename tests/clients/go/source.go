package main

import (
	"context"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// newSource is a workload's source of SVIDs and bundles, once it holds some.
func newSource(ctx context.Context) (*workloadapi.X509Source, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return workloadapi.NewX509Source(ctx)
}

// memberOf is the trust domain of the source's own default SVID.
func memberOf(source *workloadapi.X509Source) spiffeid.TrustDomain {
	svid, err := source.GetX509SVID()
	if err != nil {
		return spiffeid.TrustDomain{}
	}
	return svid.ID.TrustDomain()
}

// peersOf lets in the members of a trust domain: of the source's own if `name` is empty.
func peersOf(source *workloadapi.X509Source, name string) (tlsconfig.Authorizer, error) {
	if name == "" {
		return tlsconfig.AuthorizeMemberOf(memberOf(source)), nil
	}
	trustDomain, err := spiffeid.TrustDomainFromString(name)
	if err != nil {
		return nil, err
	}
	return tlsconfig.AuthorizeMemberOf(trustDomain), nil
}
