"""CONFORMANCE rows JP, JB, JD: what FetchJWTSVID and FetchJWTBundles give."""

from __future__ import annotations

import json
import os
import time

from harness import audit, grpc_raw, jwt, new_key, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"


class Tokens(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        self.suretyd.entry_for("spare", users.WEB)
        self.suretyd.entry_for("main", users.WEB, priority=10, hint="main")
        self.suretyd.entry_for("db", users.DB, jwt_ttl="30s", jwt_audiences=["reports", "bills"])
        self.suretyd.start()

    def tokens(self, *audiences, spiffe_id="", uid=users.WEB):
        return users.run_as(uid, jwt.fetch, self.suretyd.socket, list(audiences), spiffe_id)

    def refused(self, message, uid=users.WEB):
        """How a call with this message ends."""

        def call():
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                return connection.status(connection.call(jwt.FETCH, message))

        return users.run_as(uid, call)

    def test_jp1_a_call_without_a_usable_audience_is_invalid(self):
        for audiences in ([], [""], ["reports", ""], ["line\nbreak"],
                          [str(i) for i in range(33)], ["x" * 9000]):
            with self.subTest(audiences=audiences):
                code, message = self.refused(jwt.fetch_request(audiences))
                self.assertEqual(code, grpc_raw.INVALID_ARGUMENT)
                self.assertIn("audience", message)

    def test_jp1_what_is_no_message_is_invalid(self):
        self.assertEqual(self.refused(b"\xff\xff")[0], grpc_raw.INVALID_ARGUMENT)

    def test_jp2_a_malformed_spiffe_id_is_invalid(self):
        for spiffe_id in ("web", "spiffe://", f"{OWN}/", f"{OWN}/a//b", "https://example.org/a"):
            with self.subTest(spiffe_id=spiffe_id):
                code, message = self.refused(jwt.fetch_request(["reports"], spiffe_id))
                self.assertEqual(code, grpc_raw.INVALID_ARGUMENT)
                self.assertIn("spiffe_id", message)

    def test_jp3_another_ones_identity_or_none_is_denied(self):
        for spiffe_id in (f"{OWN}/db", f"{OWN}/nobody", "spiffe://other.org/main"):
            with self.subTest(spiffe_id=spiffe_id):
                code, _ = self.refused(jwt.fetch_request(["reports"], spiffe_id))
                self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        code, _ = self.refused(jwt.fetch_request(["reports"]), uid=users.STRANGER)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)

    def test_jp4_jp6_one_token_for_each_identity_with_its_hint(self):
        given = [(one.spiffe_id, one.hint) for one in self.tokens("reports")]
        self.assertEqual(given, [(f"{OWN}/main", "main"), (f"{OWN}/spare", "")])

    def test_jp4_an_identity_that_is_asked_for_by_name_alone(self):
        [token] = self.tokens("reports", spiffe_id=f"{OWN}/spare")
        self.assertEqual((token.spiffe_id, token.claims["sub"]), (f"{OWN}/spare",) * 2)

    def test_jp5_jd7_the_audiences_are_those_asked_for(self):
        for audiences in (["reports"], ["b", "a"], ["spiffe://other.org/x", "quote\"\\", "ü"]):
            for token in self.tokens(*audiences):
                self.assertEqual(token.claims["aud"], audiences)
        self.assertEqual(self.tokens("a", "b", "a")[0].claims["aud"], ["a", "b"])

    def test_jd1_jd2_jd3_jd4_jd5_compact_with_three_headers_and_es256(self):
        [token] = self.tokens("reports", spiffe_id=f"{OWN}/main")
        self.assertRegex(token.svid, r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$")
        header = token.header
        self.assertEqual(sorted(header), ["alg", "kid", "typ"])
        self.assertEqual((header["alg"], header["typ"]), ("ES256", "JWT"))
        keys = users.run_as(users.WEB, jwt.fetch_bundles, self.suretyd.socket)[OWN]["keys"]
        self.assertIn(header["kid"], [key["kid"] for key in keys])

    def test_jd6_jd8_jd9_subject_times_and_an_id_of_its_own(self):
        first, second = self.tokens("reports"), self.tokens("reports")
        ids = {token.claims["jti"] for token in first + second}
        self.assertEqual(len(ids), 4)
        for token in first:
            claims = token.claims
            self.assertEqual(sorted(claims), ["aud", "exp", "iat", "jti", "sub"])
            self.assertEqual(claims["sub"], token.spiffe_id)
            self.assertEqual(claims["exp"] - claims["iat"], 300)
            self.assertLess(abs(claims["iat"] - time.time()), 5)

    def test_no_process_gets_the_token_of_another(self):
        one, other = self.tokens("reports"), self.tokens("reports")
        self.assertFalse({t.svid for t in one} & {t.svid for t in other})

    def test_an_entry_has_its_own_lifetime_and_audiences(self):
        for audiences in (["reports"], ["bills", "reports"]):
            [token] = self.tokens(*audiences, uid=users.DB)
            self.assertEqual(token.claims["exp"] - token.claims["iat"], 30)
        for audiences in (["other"], ["reports", "other"]):
            code, message = self.refused(jwt.fetch_request(audiences), uid=users.DB)
            self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
            self.assertIn("audience_not_listed", message)

    def test_who_may_not_have_a_token_keeps_its_svid(self):
        def work(send):
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                stream = connection.fetch()
                connection.message(stream)
                code = connection.status(connection.call(jwt.FETCH, jwt.fetch_request(["other"])))
                again = connection.call(jwt.FETCH, jwt.fetch_request(["reports"]))
                connection.message(again)
                send(code[0])
                try:
                    connection.message(stream, 1)
                    send("told again")
                except grpc_raw.Timeout:
                    send("goes on")

        worker = self.worker(users.DB, work)
        self.assertEqual(worker.receive(10), grpc_raw.PERMISSION_DENIED)
        self.assertEqual(worker.receive(10), "goes on")

    def test_the_record_names_each_token_and_holds_none(self):
        tokens = self.tokens("reports", "bills")
        self.refused(jwt.fetch_request(["other"]), uid=users.DB)
        [record] = audit.decisions(self.suretyd, action="token", verdict="allow")
        self.assertEqual(record["audiences"], ["reports", "bills"])
        self.assertEqual([(one["spiffe_id"], one["token"]["jti"]) for one in record["entries"]],
                         [(token.spiffe_id, token.claims["jti"]) for token in tokens])
        for one, token in zip(record["entries"], tokens):
            self.assertEqual(one["token"]["kid"], token.header["kid"])
            self.assertEqual(one["facts"]["audiences"], ["reports", "bills"])
            self.assertEqual(one["facts"]["action"], "token")
        [refusal] = audit.decisions(self.suretyd, action="token", verdict="refuse")
        self.assertEqual((refusal["reason"], refusal["audiences"]),
                         ("audience_not_listed", ["other"]))
        signatures = [token.svid.rsplit(".", 1)[1] for token in tokens]
        for path in [self.suretyd.log_path, *self.suretyd.state.rglob("*")]:
            if path.is_file():
                text = path.read_bytes()
                for signature in signatures:
                    self.assertNotIn(signature.encode(), text, path)

    def test_calls_for_tokens_are_held_to_the_rate_of_short_calls(self):
        self.suretyd.configure("limits", short_calls_per_second_per_lineage=1,
                               short_calls_burst_per_lineage=5)
        self.suretyd.terminate()
        self.suretyd.start()

        def work(send):
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                message = jwt.fetch_request(["reports"])
                send([connection.status(connection.call(jwt.FETCH, message)) for _ in range(20)])

        codes = [code for code, _ in self.worker(users.WEB, work).receive(30)]
        self.assertEqual(codes[0], grpc_raw.OK)
        self.assertEqual(codes[-1], grpc_raw.RESOURCE_EXHAUSTED)
        self.assertEqual(set(codes), {grpc_raw.OK, grpc_raw.RESOURCE_EXHAUSTED})

    def test_the_tool_fetches_and_validates_tokens(self):
        done = self.suretyd.run("surety", "fetch", "jwt", "-a", "reports", "-o", "json",
                                uid=users.WEB)
        self.assertEqual(done.returncode, 0, done.stderr)
        main, spare = json.loads(done.stdout)["svids"]
        self.assertEqual((main["spiffe_id"], main["hint"]), (f"{OWN}/main", "main"))
        self.assertEqual(spare["audiences"], ["reports"])
        file = self.suretyd.folder / "token"
        file.write_text(main["token"] + "\n")
        for audience, status in (("reports", 0), ("other", 1)):
            done = self.suretyd.run("surety", "validate", "jwt", "-a", audience, str(file),
                                    uid=users.DB)
            self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn("another audience", done.stderr)
        done = self.suretyd.run("surety", "fetch", "jwt", "-a", "reports", "--spiffe-id",
                                f"{OWN}/spare", uid=users.WEB)
        self.assertIn(f"SPIFFE ID   {OWN}/spare\nAudience    reports\n", done.stdout)

    def test_the_tool_tells_of_tokens(self):
        [token, _] = self.tokens("reports")
        done = self.suretyd.run("surety", "audit", "tail", "--dir",
                                str(self.suretyd.state / "audit"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"for reports  jti {token.claims['jti']}", done.stdout)


class Bundles(Case):
    def test_jb1_jb2_jd10_a_jwk_set_of_signing_keys_by_trust_domain(self):
        suretyd = self.serving()
        given = users.run_as(users.WEB, jwt.fetch_bundles, suretyd.socket)
        self.assertEqual(list(given), [OWN])
        self.assertEqual(list(given[OWN]), ["keys"])
        [key] = given[OWN]["keys"]
        self.assertEqual(sorted(key), ["crv", "kid", "kty", "use", "x", "y"])
        self.assertEqual((key["kty"], key["use"], key["crv"]), ("EC", "jwt-svid", "P-256"))
        self.assertEqual({len(jwt.decode(key[name])) for name in ("x", "y")}, {32})
        self.assertRegex(key["kid"], r"^[A-Za-z0-9_-]{43}$")

    def test_jb1_without_an_identity_there_are_no_bundles(self):
        code, _ = self.status_of(users.STRANGER, self.serving(), "FetchJWTBundles")
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)

    def test_keys_are_files_of_the_daemon_alone(self):
        suretyd = self.serving()
        folder = suretyd.state / "jwt"
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        names = sorted(path.name for path in folder.iterdir())
        self.assertEqual(len([name for name in names if name.endswith(".pem")]), 1, names)
        for path in folder.iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)

    def test_a_restart_keeps_the_keys(self):
        suretyd = self.serving()
        before = users.run_as(users.WEB, jwt.fetch_bundles, suretyd.socket)
        [token] = users.run_as(users.WEB, jwt.fetch, suretyd.socket, ["reports"])
        suretyd.kill()
        suretyd.start()
        self.assertEqual(users.run_as(users.WEB, jwt.fetch_bundles, suretyd.socket), before)
        users.run_as(users.WEB, jwt.validate, suretyd.socket, "reports", token.svid)

    def test_a_damaged_or_missing_key_is_never_replaced(self):
        suretyd = self.serving()
        suretyd.terminate()
        [key] = (suretyd.state / "jwt").glob("*.pem")
        text = key.read_text()
        for damage in (lambda: key.write_text("nothing"), key.unlink):
            damage()
            suretyd.launch()
            self.assertNotEqual(suretyd.wait(), 0)
            self.assertIn(key.name, suretyd.log())
        key.write_text(text)
        key.chmod(0o600)
        os.chown(key, suretyd.uid, suretyd.uid)
        suretyd.start()

    def test_a_new_key_is_told_to_all_streams_before_it_signs(self):
        suretyd = self.daemon(jwt={"ttl": "10s", "key_ttl": "40s"}, x509={"clock_skew": "1s"})

        def signer():
            [token] = users.run_as(users.WEB, jwt.fetch, suretyd.socket, ["reports"])
            users.run_as(users.WEB, jwt.validate, suretyd.socket, "reports", token.svid)
            return token.header["kid"]

        new_key.is_told_before_it_signs(self, suretyd, "jwt", "FetchJWTBundles", signer)
