package main

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/federation"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// fetchBundle prints what a bundle endpoint says to the library's own federation client.
func fetchBundle(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bundle", flag.ExitOnError)
	url := flags.String("url", "", "of the endpoint")
	name := flags.String("trust-domain", "", "whose bundle it serves")
	server := flags.String("server", "", "https_spiffe: the server's SPIFFE ID")
	file := flags.String("bundle", "", "https_spiffe: the bundle that the server is believed by")
	ca := flags.String("ca", "", "https_web: the CA that the server is believed by")
	_ = flags.Parse(args)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	trustDomain, err := spiffeid.TrustDomainFromString(*name)
	if err != nil {
		return err
	}
	var auth federation.FetchOption
	if *server != "" {
		auth, err = byID(*server, *file)
	} else {
		auth, err = byCA(*ca)
	}
	if err != nil {
		return err
	}
	bundle, err := federation.FetchBundle(ctx, trustDomain, *url, auth)
	if err != nil {
		return err
	}
	sequence, _ := bundle.SequenceNumber()
	hint, _ := bundle.RefreshHint()
	say("bundle", map[string]any{"trust_domain": bundle.TrustDomain().Name(), "sequence": sequence,
		"hint_s": hint.Seconds(), "x509_authorities": len(bundle.X509Authorities()),
		"jwt_authorities": len(bundle.JWTAuthorities())})
	return nil
}

func byID(server, file string) (federation.FetchOption, error) {
	id, err := spiffeid.FromString(server)
	if err != nil {
		return nil, err
	}
	believed, err := spiffebundle.Load(id.TrustDomain(), file)
	if err != nil {
		return nil, err
	}
	return federation.WithSPIFFEAuth(believed, id), nil
}

func byCA(file string) (federation.FetchOption, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", file)
	}
	return federation.WithWebPKIRoots(roots), nil
}
