"""A relying party that speaks OIDC and knows nothing of SPIFFE believes our tokens."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from harness import https, jwt, scripted_https, users
from harness.case import Case
from harness.daemon import CLIENTS, TRUST_DOMAIN

RELYING_PARTY = Path(__file__).parents[1] / "clients/python/relying_party.py"


class Oidc(Case):
    def setUp(self):
        super().setUp()
        self.port = https.free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.suretyd = self.daemon()
        self.ca = https.WebCa(self.suretyd.folder)
        certificate, key = self.ca.issue("endpoint")
        os.chown(key, self.suretyd.uid, self.suretyd.uid)
        self.suretyd.configure("bundle_endpoint", listen=f"127.0.0.1:{self.port}",
                               profile="https_web", certificate_file=str(certificate),
                               key_file=str(key))
        self.suretyd.configure("oidc", issuer=self.issuer)
        self.suretyd.entry_for("web", users.WEB)
        self.suretyd.start()

    def token(self, audience):
        return users.run_as(users.WEB, jwt.fetch, self.suretyd.socket, [audience])[0].svid

    def believe(self, token, audience, issuer=None):
        return subprocess.run([CLIENTS / "python/venv/bin/python3", RELYING_PARTY,
                               issuer or self.issuer, audience, self.ca.certificate],
                              input=token, capture_output=True, text=True, timeout=60, check=False)

    def test_a_relying_party_believes_a_token_by_discovery(self):
        done = self.believe(self.token("reports"), "reports")
        self.assertEqual(done.returncode, 0, done.stderr)
        claims = json.loads(done.stdout)
        self.assertEqual((claims["iss"], claims["sub"], claims["aud"]),
                         (self.issuer, f"spiffe://{TRUST_DOMAIN}/web", ["reports"]))

    def test_jd7_another_audience_issuer_or_signature_is_not_believed(self):
        token = self.token("reports")
        self.assertIn("InvalidAudienceError", self.believe(token, "payroll").stderr)
        signed, _, signature = token.rpartition(".")
        forged = f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        self.assertIn("InvalidSignatureError", self.believe(forged, "reports").stderr)
        other = scripted_https.ScriptedServer(*self.ca.issue("other"))
        self.addCleanup(other.close)
        issuer = other.url.rstrip("/")
        other.answer = scripted_https.answer(json.dumps(
            {"issuer": issuer, "jwks_uri": f"{self.issuer}/keys",
             "id_token_signing_alg_values_supported": ["ES256"]}).encode())
        self.assertIn("InvalidIssuerError", self.believe(token, "reports", issuer).stderr)
