"""A workload that uses the Python library `spiffe`.

`client.py x509` prints its SVIDs and bundles as one JSON object a line; the
endpoint is SPIFFE_ENDPOINT_SOCKET. Exit status: 0, 1 on failure, 2 on wrong usage.
"""

import json
import sys

from spiffe import WorkloadApiClient


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


def main() -> int:
    if sys.argv[1:] != ["x509"]:
        print("usage: client.py x509", file=sys.stderr)
        return 2
    try:
        fetch_x509()
    except Exception as failure:  # Whatever the library throws is the finding.
        print(f"client: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
