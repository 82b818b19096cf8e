package main

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/spiffe/go-spiffe/v2/exp/svid/witsvid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// fetchWIT prints WIT-SVIDs and bundles, and that each is believed by the library's own
// validator and has the private half of the key that it names.
func fetchWIT(ctx context.Context, _ []string) error {
	return withClient(ctx, 10*time.Second, sayWITs)
}

func sayWITs(ctx context.Context, client *workloadapi.Client) error {
	bundles, err := client.FetchWITBundles(ctx)
	if err != nil {
		return err
	}
	for _, bundle := range bundles.Bundles() {
		say("wit_bundle", map[string]any{"trust_domain": bundle.TrustDomain().Name(),
			"authorities": len(bundle.WITAuthorities())})
	}
	svids, err := client.FetchWITSVIDs(ctx, "")
	if err != nil {
		return err
	}
	for _, svid := range svids {
		believed, err := witsvid.ParseAndValidate(svid.Marshal(), bundles)
		if err != nil {
			return err
		}
		if !hasPrivateHalf(svid, believed.PublicKey) {
			return errors.New("the private key is not that of the WIT-SVID")
		}
		say("wit_svid", map[string]any{"spiffe_id": believed.ID.String(), "hint": svid.Hint})
	}
	return nil
}

func hasPrivateHalf(svid *witsvid.SVID, public crypto.PublicKey) bool {
	signer, ok := svid.PrivateKey.(crypto.Signer)
	if !ok {
		return false
	}
	own, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(public)
}
