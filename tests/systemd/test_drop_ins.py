"""What an operator adds to the packaged unit, as docs/examples/systemd shows it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from harness.waiting import until
from machine_case import WEB
from package_case import SURETY, PackageCase

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples/systemd"
FOLDER = "/etc/surety/ca"
PORT = 9464
NETWORK = """
[bundle_endpoint]
listen = "0.0.0.0:8443"
profile = "https_spiffe"
[[federation]]
trust_domain = "other.example"
url = "https://127.0.0.1:8443/"
profile = "https_web"
ca_file = "/etc/surety/other-ca.pem"
"""


class DropInsCase(PackageCase):
    def drop_in(self, name: str) -> None:
        self.machine.write(f"/etc/systemd/system/suretyd.service.d/{name}",
                           (EXAMPLES / name).read_text())
        self.machine.run("systemctl", "daemon-reload")
        verified = self.machine.run("systemd-analyze", "verify", "--man=no", "suretyd.service")
        self.assertEqual(verified.stdout + verified.stderr, "")
        # A drop-in for a port of the loopback costs some; none for anything else is needed.
        self.machine.run("systemd-analyze", "security", "--offline=true", "--threshold=20",
                         "suretyd.service")

    def make_ca(self) -> str:
        """A CA in FOLDER, its key encrypted; the certificate as PEM."""
        with tempfile.TemporaryDirectory() as scratch:
            key, certificate = Path(scratch, "ca.key"), Path(scratch, "ca.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=operator",
                            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", key,
                            "-out", certificate], check=True, capture_output=True)
            self.machine.write(f"{FOLDER}/ca.pem", certificate.read_text())
            self.machine.write("/root/ca.key", key.read_text())
        self.machine.run("systemd-creds", "encrypt", "--name=ca.key", "/root/ca.key",
                         f"{FOLDER}/ca.key.cred")
        self.machine.run("chmod", "-R", "go=", FOLDER)
        self.machine.path("/root/ca.key").unlink()
        return self.machine.path(f"{FOLDER}/ca.pem").read_text()

    def page(self) -> str:
        """What the port answers, asked without a client of HTTP, which is not there."""
        return self.machine.run("bash", "-c", f"""exec 3<>/dev/tcp/127.0.0.1/{PORT}
            printf 'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' >&3
            cat <&3""", check=False).stdout

    def refused(self, *words: str) -> None:
        self.machine.run("systemctl", "restart", "suretyd.service", check=False)
        until(f"it does not start: {words}", lambda: all(
            word in self.machine.journal("suretyd.service") for word in words))

    def test_ca_by_credentials_and_ports_of_the_network(self):
        settings = ('[x509]\nca_cert = "credential:ca.pem"\nca_key = "credential:ca.key"\n'
                    f'[metrics]\nlisten = "127.0.0.1:{PORT}"\n')
        self.configure(settings)
        self.refused("credential:ca.pem", "write LoadCredential=ca.pem:")
        ca = self.make_ca()
        self.drop_in("ca-credentials.conf")
        self.refused("metrics", f"127.0.0.1:{PORT}")
        self.drop_in("metrics-port.conf")
        self.machine.run("systemctl", "restart", "suretyd.service")
        self.entry("web", f"unix:uid:{WEB}")
        self.fetch("--write", "/tmp/fetched")
        self.assertEqual(self.machine.path("/tmp/fetched/bundle.pem").read_text(), ca)
        self.assertIn("surety_entries 1", self.page())
        self.machine.write("/etc/surety/other-ca.pem", ca)
        self.configure(settings + NETWORK)
        self.drop_in("bundle-endpoint.conf")
        self.drop_in("federation.conf")
        self.machine.run("systemctl", "restart", "suretyd.service")
        self.assertIn("served at 0.0.0.0:8443", self.machine.journal("suretyd.service"))
        # It follows itself, which has no certificate for a name of the web.
        until("it has asked", lambda: "unable to obtain common name from peer certificate" in
              self.machine.journal("suretyd.service"))
