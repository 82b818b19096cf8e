"""The base of the cases about the Debian package: a machine in which it is installed."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from harness.daemon import BIN, TRUST_DOMAIN, toml
from machine import Machine
from machine_case import WEB, MachineCase

UNITS = ("suretyd.service", "suretyd.socket", "suretyd-admin.socket")
SURETY = "/usr/bin/surety"
METRICS = "/run/surety/metrics.sock"


class PackageCase(MachineCase):
    def setUp(self) -> None:
        self.machine = Machine()
        self.addCleanup(self.machine.stop)
        self.machine.account("web", WEB)
        self.deb = self.build()
        self.install()
        self.packaged = self.machine.path("/etc/surety/suretyd.toml").read_text()

    # The package

    def build(self) -> Path:
        scratch = tempfile.TemporaryDirectory(prefix="surety-package-")
        self.addCleanup(scratch.cleanup)
        done = subprocess.run(["cpack", "--config", BIN.parent / "CPackConfig.cmake", "-B", scratch.name,
                               "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (deb,) = Path(scratch.name).glob("*.deb")
        return deb

    def install(self) -> str:
        self.machine.path("/root/surety.deb").write_bytes(self.deb.read_bytes())
        return self.machine.run("dpkg", "-i", "/root/surety.deb").stdout

    def configure(self, text: str = "") -> None:
        self.machine.write("/etc/surety/suretyd.toml",
                           f"trust_domain = {toml(TRUST_DOMAIN)}\n{self.packaged}{text}")

    def enable(self) -> None:
        self.configure(f"[metrics]\nlisten = {toml(f'unix://{METRICS}')}\n")
        # So that no case waits for half a minute.
        self.machine.write("/etc/systemd/system/suretyd.service.d/test.conf",
                           "[Service]\nWatchdogSec=3s\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "enable", "--now", "suretyd.service")

    # What is asked of it

    def daemon(self) -> int:
        """Its pid in the machine; 0 if it does not run."""
        return int(self.machine.shown("suretyd.service", "MainPID"))

    def active(self, unit: str = "suretyd.service") -> str:
        return self.machine.shown(unit, "ActiveState")

    def fetch(self, *flags: str) -> list[str]:
        """The SPIFFE IDs that a process of the user WEB gets."""
        done = self.machine.run("systemd-run", "--quiet", "--collect", "--pipe", f"--uid={WEB}",
                                SURETY, "fetch", "x509", "--timeout", "20s", "-o", "json", *flags)
        return [svid["spiffe_id"] for svid in json.loads(done.stdout)["svids"]]

    def web(self) -> str:
        """An entry that needs the capabilities: by facts about another user's process."""
        digest = self.machine.run("sha256sum", SURETY).stdout.split()[0]
        return self.entry("web", f"unix:uid:{WEB}", f"unix:path:{SURETY}", f"unix:sha256:{digest}")
