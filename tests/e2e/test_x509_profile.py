"""CONFORMANCE rows XP, XB and XD: what is in the answers and the certificates.
OpenSSL is the judge; go-spiffe's view is in tests/interop."""

from __future__ import annotations

import re
import time

from harness import api, grpc_raw, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN
from harness import openssl

OWN = f"spiffe://{TRUST_DOMAIN}"


class Profile(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        # Not in the order of their names, nor of their files.
        self.suretyd.entry_for("second", users.WEB, priority=5)
        self.suretyd.entry_for("first", users.WEB, priority=10, hint="main")
        self.suretyd.entry_for("third", users.WEB, dns_names=["web.internal", "www.internal"])
        self.suretyd.entry_for("other", users.DB, hint="main-db")
        self.suretyd.start()
        self.response = users.run_as(users.WEB, api.fetch_x509, self.suretyd.socket)
        self.svid = self.response.svids[0]
        self.chain = api.certificates(self.svid.chain)
        self.leaf = self.chain[0]
        self.roots = api.certificates(self.svid.bundle)

    def test_xp1_one_svid_for_each_identity_granted(self):
        self.assertEqual(sorted(self.response.ids),
                         [f"{OWN}/first", f"{OWN}/second", f"{OWN}/third"])

    def test_xp2_all_mandatory_fields_are_filled(self):
        for svid in self.response.svids:
            self.assertTrue(svid.spiffe_id and svid.chain and svid.key and svid.bundle)

    def test_xp3_id_is_the_leafs_uri_and_the_key_is_the_leafs(self):
        for svid in self.response.svids:
            leaf = api.certificates(svid.chain)[0]
            _, names = openssl.extension(leaf, "X509v3 Subject Alternative Name")
            self.assertIn(f"URI:{svid.spiffe_id}", names.split(", "))
            self.assertEqual(openssl.public_key_of_certificate(leaf),
                             openssl.public_key_of_private(svid.key))

    def test_xp3_every_svid_has_a_key_of_its_own(self):
        self.assertEqual(len({svid.key for svid in self.response.svids}), 3)
        again = users.run_as(users.WEB, api.fetch_x509, self.suretyd.socket)
        self.assertFalse({s.key for s in again.svids} & {s.key for s in self.response.svids})

    def test_xp4_leaf_comes_first_and_the_root_stays_out_of_the_chain(self):
        self.assertFalse(set(self.chain) & set(self.roots))
        self.assertIn("CA:FALSE", openssl.text(self.chain[0]))
        for certificate in [*self.chain[1:], *self.roots]:
            self.assertIn("CA:TRUE", openssl.text(certificate))

    def test_xp4_openssl_accepts_every_chain_for_both_sides(self):
        for svid in self.response.svids:
            for purpose in ("sslserver", "sslclient"):
                openssl.verify(api.certificates(svid.chain), api.certificates(svid.bundle), purpose)

    def test_xp5_hint_goes_with_its_svid(self):
        self.assertEqual([svid.hint for svid in self.response.svids], ["main", "", ""])

    def test_xp6_default_identity_is_that_of_the_highest_priority_every_time(self):
        expected = [f"{OWN}/first", f"{OWN}/second", f"{OWN}/third"]
        for _ in range(5):
            self.assertEqual(self.ids_of(users.WEB, self.suretyd), expected)

    def test_xp7_own_trust_domain_is_not_among_the_federated(self):
        self.assertNotIn(OWN, self.response.federated)

    def test_xb1_bundles_hold_the_own_trust_domain(self):
        bundles = users.run_as(users.WEB, api.fetch_bundles, self.suretyd.socket)
        self.assertEqual(bundles, {OWN: self.svid.bundle})

    def test_xb2_bundles_are_denied_to_one_without_an_identity(self):
        code, _ = self.status_of(users.STRANGER, self.suretyd, "FetchX509Bundles")
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)

    def test_xd1_exactly_one_uri(self):
        for svid in self.response.svids:
            _, names = openssl.extension(api.certificates(svid.chain)[0],
                                         "X509v3 Subject Alternative Name")
            self.assertEqual(names.count("URI:"), 1)

    def test_xd1_dns_names_of_the_entry_are_in_the_certificate(self):
        third = api.certificates(self.response.svids[2].chain)[0]
        _, names = openssl.extension(third, "X509v3 Subject Alternative Name")
        self.assertIn("DNS:web.internal", names)
        self.assertIn("DNS:www.internal", names)

    def test_xd2_leaf_id_has_a_path(self):
        for spiffe_id in self.response.ids:
            self.assertRegex(spiffe_id, r"^spiffe://[^/]+/[^/]+")

    def test_xd3_san_is_critical_where_the_subject_is_empty(self):
        subject = re.search(r"^ +Subject:(.*)$", openssl.text(self.leaf), re.MULTILINE)[1].strip()
        critical, _ = openssl.extension(self.leaf, "X509v3 Subject Alternative Name")
        self.assertEqual(critical, subject == "")

    def test_xd4_basic_constraints(self):
        self.assertIn("CA:FALSE", openssl.extension(self.leaf, "X509v3 Basic Constraints")[1])
        for root in self.roots:
            critical, value = openssl.extension(root, "X509v3 Basic Constraints")
            self.assertTrue(critical)
            self.assertIn("CA:TRUE", value)

    def test_xd5_xd7_leaf_key_usage_is_critical_and_signs_no_certificates(self):
        critical, value = openssl.extension(self.leaf, "X509v3 Key Usage")
        self.assertTrue(critical)
        self.assertEqual(value, "Digital Signature")

    def test_xd6_signer_may_sign_certificates(self):
        critical, value = openssl.extension(self.roots[0], "X509v3 Key Usage")
        self.assertTrue(critical)
        self.assertIn("Certificate Sign", value)

    def test_xd8_leaf_is_for_both_sides_of_tls(self):
        _, value = openssl.extension(self.leaf, "X509v3 Extended Key Usage")
        self.assertEqual(sorted(value.split(", ")), ["TLS Web Client Authentication",
                                                     "TLS Web Server Authentication"])

    def test_xd9_signer_is_the_trust_domain(self):
        for root in self.roots:
            _, names = openssl.extension(root, "X509v3 Subject Alternative Name")
            self.assertEqual(names, f"URI:{OWN}")

    def test_xd11_chain_does_not_verify_with_another_daemons_bundle(self):
        other = self.serving()
        foreign = users.run_as(users.WEB, api.fetch_x509, other.socket).svids[0]
        with self.assertRaises(AssertionError):
            openssl.verify(self.chain, api.certificates(foreign.bundle), "sslserver")

    def test_serial_is_random_and_at_least_64_bits_long(self):
        serials = {openssl.serial(api.certificates(svid.chain)[0]) for svid in self.response.svids}
        self.assertEqual(len(serials), 3)
        # Three random numbers of 64 bits all below 2^48: once in 2^48 runs.
        self.assertGreater(max(int(serial, 16) for serial in serials), 1 << 48)

    def test_lifetime_is_the_configured_one_and_has_begun(self):
        begin, end = openssl.validity_seconds(self.leaf)
        self.assertLessEqual(begin, time.time())
        self.assertAlmostEqual(end, time.time() + 15 * 60, delta=65)

    def test_svid_does_not_outlive_its_signer(self):
        daemon = self.daemon(x509={"ttl": "10m", "ca_ttl": "40m"})
        daemon.entry_for("web", users.WEB)
        daemon.start()
        svid = users.run_as(users.WEB, api.fetch_x509, daemon.socket).svids[0]
        leaf_end = openssl.validity_seconds(api.certificates(svid.chain)[0])[1]
        ca_end = max(openssl.validity_seconds(root)[1] for root in api.certificates(svid.bundle))
        self.assertLessEqual(leaf_end, ca_end)
