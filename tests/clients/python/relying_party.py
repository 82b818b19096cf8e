"""A service that knows nothing of SPIFFE and believes tokens by OIDC's discovery, with PyJWT.

`relying_party.py ISSUER AUDIENCE CA-FILE` reads a token from its standard input and prints
what it says as JSON. Exit status: 0, 1 if it is not believed, 2 on wrong usage.
"""

import json
import ssl
import sys
import urllib.request

import jwt


def believe(token: str, issuer: str, audience: str, ca_file: str) -> dict:
    tls = ssl.create_default_context(cafile=ca_file)
    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration", timeout=10,
                                context=tls) as answer:
        found = json.load(answer)
    # OpenID Connect Discovery 1.0 section 4.3.
    if found["issuer"] != issuer:
        raise ValueError(f"the document is of the issuer {found['issuer']}")
    key = jwt.PyJWKClient(found["jwks_uri"], ssl_context=tls).get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=found["id_token_signing_alg_values_supported"],
                      audience=audience, issuer=issuer,
                      options={"require": ["exp", "iat", "iss", "sub", "aud"]})


def main() -> int:
    if len(sys.argv) != 4:
        print("usage: relying_party.py ISSUER AUDIENCE CA-FILE", file=sys.stderr)
        return 2
    try:
        print(json.dumps(believe(sys.stdin.read().strip(), *sys.argv[1:])))
    except Exception as failure:  # Whatever the library throws is the finding.
        print(f"relying_party: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
