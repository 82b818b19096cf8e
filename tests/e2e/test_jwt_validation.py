"""CONFORMANCE rows JV, and JD from the validator's side: ValidateJWTSVID believes what
the daemon's key has signed as JWT-SVID.md has it, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from harness import grpc_raw, jwt, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"


class Validation(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.serving()
        [path] = (self.suretyd.state / "jwt").glob("*.pem")
        self.key = jwt.Key(path)
        self.header = {"alg": "ES256", "kid": path.stem, "typ": "JWT"}
        self.claims = {"sub": f"{OWN}/web", "aud": ["reports"], "exp": int(time.time()) + 60}

    def validate(self, token, audience="reports", uid=users.WEB):
        return users.run_as(uid, jwt.validate, self.suretyd.socket, audience, token)

    def signed(self, header=None, without=(), **claims):
        both = {**self.claims, **claims}
        return self.key.token(header or self.header,
                              {name: both[name] for name in both if name not in without})

    def assert_refused(self, token, why, audience="reports"):
        def call():
            request = jwt.text_field(1, audience) + jwt.text_field(2, token)
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                return connection.status(connection.call(jwt.VALIDATE, request))

        code, message = users.run_as(users.WEB, call)
        self.assertEqual(code, grpc_raw.INVALID_ARGUMENT, message)
        self.assertIn(why, message)

    def test_jv1_without_an_audience_or_a_token_it_is_invalid(self):
        self.assert_refused("", "no token")
        self.assert_refused(self.signed(), "no audience", audience="")

    def test_jv2_jv5_the_answer_has_the_subject_and_all_claims(self):
        [token] = users.run_as(users.WEB, jwt.fetch, self.suretyd.socket, ["reports"])
        spiffe_id, claims = self.validate(token.svid)
        self.assertEqual(spiffe_id, f"{OWN}/web")
        self.assertEqual(claims, token.claims)
        _, claims = self.validate(self.signed(aud="reports", more={"a": [1, None, "x", True]}))
        self.assertEqual(claims["aud"], ["reports"])
        self.assertEqual(claims["more"], {"a": [1, None, "x", True]})

    def test_jv2_any_of_the_audiences_will_do(self):
        self.assertEqual(self.validate(self.signed(aud=["a", "reports"]), "a")[0], f"{OWN}/web")

    def test_jd5_the_type_may_be_absent_or_jose(self):
        for kind in ({}, {"typ": "JOSE"}):
            header = {"alg": "ES256", "kid": self.header["kid"], **kind}
            self.assertEqual(self.validate(self.signed(header))[0], f"{OWN}/web")

    def test_jv6_who_has_no_identity_may_ask(self):
        self.assertEqual(self.validate(self.signed(), uid=users.STRANGER)[0], f"{OWN}/web")

    def test_jv3_jd3_no_other_algorithm_is_taken(self):
        good = self.signed()
        text = good.rsplit(".", 1)[0]
        self.assert_refused(jwt.encode(b'{"alg":"none"}') + "." + good.split(".")[1] + ".", "alg")
        for name in ("none", "None", "HS256", "EdDSA", "ES256K", "es256", ""):
            with self.subTest(alg=name):
                self.assert_refused(self.signed({**self.header, "alg": name}), "algorithm")
        for header in ({"kid": self.header["kid"]}, {**self.header, "alg": 256}):
            self.assert_refused(self.signed(header), "algorithm")
        # The public key is no secret: whoever took an HMAC would believe anybody.
        header = jwt.encode(json.dumps({**self.header, "alg": "HS256"}).encode())
        text = header + "." + good.split(".")[1]
        mac = hmac.new(self.key.public_pem, text.encode(), hashlib.sha256).digest()
        self.assert_refused(text + "." + jwt.encode(mac), "algorithm")
        # Allowed, but not what this key is for.
        for name in ("ES384", "RS256", "PS256"):
            self.assert_refused(self.signed({**self.header, "alg": name}), "kind")

    def test_jv3_jd4_the_key_must_be_one_of_the_bundle(self):
        self.assert_refused(self.signed({**self.header, "kid": "other"}), "no key")
        self.assert_refused(self.signed({"alg": "ES256"}), "names no key")
        other = jwt.Key.new(self.suretyd.folder, "-algorithm", "EC", "-pkeyopt",
                            "ec_paramgen_curve:P-256")
        self.assert_refused(other.token(self.header, self.claims), "signature is wrong")

    def test_jv4_the_bundle_is_that_of_the_subjects_trust_domain(self):
        self.assert_refused(self.signed(sub="spiffe://other.org/web"), "no bundle")

    def test_jv3_jd2_no_other_header(self):
        for more in ({"crit": ["exp"]}, {"jku": "https://example.org/keys"}, {"jwk": "{}"}):
            self.assert_refused(self.signed({**self.header, **more}), "header")
        self.assert_refused(self.signed({**self.header, "typ": "at+jwt"}), "type")

    def test_jv3_jd6_jd7_jd8_the_claims(self):
        now = int(time.time())
        for why, token in (
                ("expired", self.signed(exp=now - 30)),
                ("expiry", self.signed(without=["exp"])),
                ("expiry", self.signed(exp=str(now + 60))),
                ("not valid yet", self.signed(nbf=now + 60)),
                ("not valid yet", self.signed(iat=now + 60)),
                ("another audience", self.signed(aud=["other"])),
                ("another audience", self.signed(aud=["reports "])),
                ("no audience", self.signed(without=["aud"])),
                ("audience", self.signed(aud=[])),
                ("audience", self.signed(aud=["reports", 1])),
                ("no subject", self.signed(without=["sub"])),
                ("subject", self.signed(sub="web")),
                ("subject", self.signed(sub=OWN)),
                ("subject", self.signed(sub=[f"{OWN}/web"]))):
            self.assert_refused(token, why)

    def test_jd8_a_little_leeway_after_the_end(self):
        self.assertEqual(self.validate(self.signed(exp=int(time.time()) - 2))[0], f"{OWN}/web")

    def test_jv3_jd1_the_form(self):
        good = self.signed()
        header, claims, signature = good.split(".")
        padded = header + "=" * (-len(header) % 4 or 4)
        other = "B" if signature[0] == "A" else "A"
        for why, token in (
                ("three parts", good + "." + signature), ("three parts", header + "." + claims),
                ("three parts", "x"), ("three parts", json.dumps({"payload": claims})),
                ("base64url", f"{padded}.{claims}.{signature}"),
                ("base64url", f"{header}.{claims}.{signature} "),
                ("base64url", f"{header}.{claims}.{signature}\n"),
                ("base64url", f"{header}.{claims}.+{signature[1:]}"),
                ("base64url", f"{header}.{claims}."),
                ("size", f"{good}AAAA"),
                ("signature is wrong", f"{header}.{claims}.{other}{signature[1:]}"),
                ("longer", self.signed(more="x" * 40_000))):
            self.assert_refused(token, why)

    def test_jv3_a_name_that_stands_twice(self):
        claims = json.dumps(self.claims)
        twice = claims[:-1] + f', "sub": "{OWN}/db"}}'
        self.assert_refused(self.key.token(self.header, twice), "twice")
        header = json.dumps(self.header)[:-1] + ', "alg": "none"}'
        self.assert_refused(self.key.token(header, self.claims), "twice")
        deep = claims[:-1] + ', "more": {"a": 1, "a": 1}}'
        self.assert_refused(self.key.token(self.header, deep), "twice")

    def test_jv3_json_and_nothing_else(self):
        for why, claims in (("JSON", json.dumps(self.claims) + " x"), ("object", "[]"),
                            ("JSON", json.dumps(self.claims) + "\0"),
                            ("deep", '{"a":' * 40 + "1" + "}" * 40)):
            self.assert_refused(self.key.token(self.header, claims), why)
