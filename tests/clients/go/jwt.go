package main

import (
	"context"
	"errors"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// fetchJWT prints tokens and bundles, and that each token is believed by the library's own
// validator and by the daemon.
func fetchJWT(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("jwt needs one AUDIENCE")
	}
	return withClient(ctx, 10*time.Second, func(ctx context.Context, client *workloadapi.Client) error {
		return sayJWTs(ctx, client, args[0])
	})
}

func sayJWTs(ctx context.Context, client *workloadapi.Client, audience string) error {
	bundles, err := client.FetchJWTBundles(ctx)
	if err != nil {
		return err
	}
	for _, bundle := range bundles.Bundles() {
		say("jwt_bundle", map[string]any{"trust_domain": bundle.TrustDomain().Name(),
			"authorities": len(bundle.JWTAuthorities())})
	}
	tokens, err := client.FetchJWTSVIDs(ctx, jwtsvid.Params{Audience: audience})
	if err != nil {
		return err
	}
	for _, token := range tokens {
		say("jwt_svid", map[string]any{"spiffe_id": token.ID.String(), "hint": token.Hint})
		local, err := jwtsvid.ParseAndValidate(token.Marshal(), bundles, []string{audience})
		if err != nil {
			return err
		}
		say("believed", map[string]any{"by": "library", "spiffe_id": local.ID.String()})
		remote, err := client.ValidateJWTSVID(ctx, token.Marshal(), audience)
		if err != nil {
			return err
		}
		say("believed", map[string]any{"by": "daemon", "spiffe_id": remote.ID.String()})
		if _, err := client.ValidateJWTSVID(ctx, token.Marshal(), audience+"."); err == nil {
			return errors.New("the daemon believes a token for another audience")
		}
	}
	return nil
}
