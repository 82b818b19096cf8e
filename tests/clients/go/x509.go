package main

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

func fetchX509(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("x509", flag.ExitOnError)
	dir := flags.String("write", "", "folder for svid.N.pem, svid.N.key and bundle.pem")
	limit := flags.Duration("for", 10*time.Second, "give up after")
	_ = flags.Parse(args)
	return withClient(ctx, *limit, func(ctx context.Context, client *workloadapi.Client) error {
		return sayX509(ctx, client, *dir)
	})
}

// sayX509 prints SVIDs and bundles, each SVID once it is believed, and writes them to `dir` if
// that is named.
func sayX509(ctx context.Context, client *workloadapi.Client, dir string) error {
	have, err := client.FetchX509Context(ctx)
	if err != nil {
		return err
	}
	for i, svid := range have.SVIDs {
		if err := verify(svid, have.Bundles); err != nil {
			return err
		}
		saySVID(svid)
		if dir != "" {
			if err := writeSVID(dir, i, svid); err != nil {
				return err
			}
		}
	}
	bundles, err := client.FetchX509Bundles(ctx)
	if err != nil {
		return err
	}
	for _, bundle := range bundles.Bundles() {
		say("x509_bundle", map[string]any{"trust_domain": bundle.TrustDomain().Name(),
			"authorities": len(bundle.X509Authorities())})
	}
	if dir == "" {
		return nil
	}
	return writeBundle(dir, have)
}

func saySVID(svid *x509svid.SVID) {
	leaf := svid.Certificates[0]
	say("x509_svid", map[string]any{
		"spiffe_id": svid.ID.String(), "hint": svid.Hint, "serial": fmt.Sprintf("%x", leaf.SerialNumber),
		"chain": len(svid.Certificates), "not_after": leaf.NotAfter.Unix(),
		"lifetime_s": leaf.NotAfter.Sub(leaf.NotBefore).Seconds()})
}

// verify is go-spiffe's own check of the chain, and RFC 5280's for both uses.
func verify(svid *x509svid.SVID, bundles *x509bundle.Set) error {
	if _, _, err := x509svid.Verify(svid.Certificates, bundles); err != nil {
		return err
	}
	bundle, err := bundles.GetX509BundleForTrustDomain(svid.ID.TrustDomain())
	if err != nil {
		return err
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, authority := range bundle.X509Authorities() {
		roots.AddCert(authority)
	}
	for _, certificate := range svid.Certificates[1:] {
		between.AddCert(certificate)
	}
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := svid.Certificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between,
			KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
			return err
		}
	}
	return nil
}

func writeSVID(dir string, i int, svid *x509svid.SVID) error {
	chain, key, err := svid.Marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("svid.%d.pem", i)), chain, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf("svid.%d.key", i)), key, 0o600)
}

func writeBundle(dir string, have *workloadapi.X509Context) error {
	bundle, err := have.Bundles.GetX509BundleForTrustDomain(have.DefaultSVID().ID.TrustDomain())
	if err != nil {
		return err
	}
	pem, err := bundle.Marshal()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "bundle.pem"), pem, 0o644)
}
