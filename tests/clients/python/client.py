"""A workload that uses the Python library `spiffe`.

`client.py x509` prints its SVIDs and bundles as one JSON object a line, `client.py jwt
AUDIENCE` its tokens, JWT bundles and who believes the tokens; the endpoint is SPIFFE_ENDPOINT_SOCKET. Exit status: 0, 1 on failure, 2 on wrong usage.
"""

import json
import sys

from spiffe import JwtSvid, WorkloadApiClient


def fetch_x509() -> None:
    with WorkloadApiClient() as client:
        context = client.fetch_x509_context(timeout=10)
        for svid in context.x509_svids:
            print(json.dumps({
                "kind": "x509_svid",
                "spiffe_id": str(svid.spiffe_id),
                "hint": getattr(svid, "hint", None) or "",
                "serial": f"{svid.leaf.serial_number:x}",
                "chain": len(svid.cert_chain),
            }))
        for bundle in client.fetch_x509_bundles().bundles:
            print(json.dumps({
                "kind": "x509_bundle",
                "trust_domain": str(bundle.trust_domain),
                "authorities": len(bundle.x509_authorities),
            }))


def fetch_jwt(audience: str) -> None:
    with WorkloadApiClient() as client:
        bundles = client.fetch_jwt_bundles(timeout=10)
        for bundle in bundles.bundles:
            print(json.dumps({"kind": "jwt_bundle", "trust_domain": str(bundle.trust_domain),
                              "authorities": len(bundle.jwt_authorities)}))
        for svid in client.fetch_jwt_svids({audience}, timeout=10):
            print(json.dumps({"kind": "jwt_svid", "spiffe_id": str(svid.spiffe_id),
                              "hint": getattr(svid, "hint", None) or ""}))
            bundle = bundles.get_bundle_for_trust_domain(svid.spiffe_id.trust_domain)
            local = JwtSvid.parse_and_validate(svid.token, bundle, {audience})
            remote = client.validate_jwt_svid(svid.token, audience, timeout=10)
            for by, believed in (("library", local), ("daemon", remote)):
                print(json.dumps({"kind": "believed", "by": by,
                                  "spiffe_id": str(believed.spiffe_id)}))


def main() -> int:
    modes = {("x509", 1): fetch_x509, ("jwt", 2): fetch_jwt}
    mode = modes.get((sys.argv[1] if len(sys.argv) > 1 else "", len(sys.argv) - 1))
    if mode is None:
        print("usage: client.py x509 | jwt AUDIENCE", file=sys.stderr)
        return 2
    try:
        mode(*sys.argv[2:])
    except Exception as failure:  # Whatever the library throws is the finding.
        print(f"client: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
