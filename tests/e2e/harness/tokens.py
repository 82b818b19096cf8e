"""Places for a CA's key that are no file: a PKCS#11 token (SoftHSM) and a TPM (swtpm), each
made by the test, in a folder of its own, for the daemon's user."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from . import packaged
from .waiting import until

EXTENSIONS = ("-addext", "basicConstraints=critical,CA:TRUE",
              "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def run(*command: object, **options: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=30, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")


def make_certificate(path: Path, *key: object, env: dict[str, str] | None = None) -> None:
    """A self-signed CA of a key that openssl(1) is told as `key`."""
    run("openssl", "req", "-x509", "-new", *key, "-subj", "/CN=token", "-days", "30",
        *EXTENSIONS, "-out", path, env=env)
    path.chmod(0o644)


class SoftHsm:
    """A token "surety" with the key "ca" and another, "other"."""

    PIN = "7301-pin-of-the-token"
    NAME = "pkcs11:token=surety;object=ca"

    def __init__(self, folder: Path, uid: int = packaged.USER):
        self.folder = folder / "hsm"
        self.tokens = self.folder / "tokens"
        self.away = self.folder / "away"
        self.pin_file = self.folder / "pin"
        self.cert = self.folder / "ca.pem"
        self.tokens.mkdir(parents=True)
        conf = self.folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n"
                        "log.level = ERROR\n")
        self.write_pin(self.PIN)
        for path in (self.folder, self.tokens, self.pin_file):
            os.chown(path, uid, uid)
        self.environment = {"SOFTHSM2_CONF": str(conf)}
        own = {"user": uid, "group": uid, "extra_groups": [],
               "env": {**os.environ, **self.environment}}
        run("softhsm2-util", "--init-token", "--free", "--label", "surety", "--pin", self.PIN,
            "--so-pin", "0000-so", **own)
        for number, name in enumerate(("ca", "other"), 1):
            key = self.folder / f"{name}.key"
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", key)
            key.chmod(0o644)
            run("softhsm2-util", "--import", key, "--token", "surety", "--label", name, "--id",
                f"0{number}", "--pin", self.PIN, **own)
            if name == "ca":
                make_certificate(self.cert, "-key", key)
            key.unlink()

    def uri(self, name: str = NAME) -> str:
        return f"{name}?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source={self.pin_file}"

    def other_uri(self) -> str:
        return self.uri(self.NAME.replace("ca", "other"))

    def write_pin(self, pin: str) -> None:
        self.pin_file.write_text(pin + "\n")
        self.pin_file.chmod(0o600)

    def take_away(self) -> None:
        self.tokens.rename(self.away)

    def bring_back(self) -> None:
        self.away.rename(self.tokens)

    def end(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Tpm:
    """A TPM with the key of the CA at one persistent handle and another at the next."""

    NAME = "tpm2:handle=0x81000001"

    def __init__(self, folder: Path):
        self.folder = folder / "tpm"
        self.socket = self.folder / "socket"
        self.cert = self.folder / "ca.pem"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}
        self.folder.mkdir()
        self.bring_back()
        # Two kinds, since the same template gives the same key.
        self._make("0x81000001", "ecc256", "noda")
        self._make("0x81000002", "ecc384", "noda")
        self._certify("0x81000001")

    def _make(self, handle: str, kind: str, attribute: str, *options: str) -> None:
        context = self.folder / "context"
        self._tool("createprimary", "-C", "o", "-G", kind, "-c", context, "-a",
                   f"fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|{attribute}",
                   *options)
        self._tool("evictcontrol", "-C", "o", "-c", context, handle)
        self._tool("flushcontext", "-t")

    def _certify(self, handle: str, *options: str) -> None:
        make_certificate(self.cert, "-provider", "tpm2", "-provider", "default", "-key",
                         f"handle:{handle}", *options, env=self._reach())

    def _tool(self, name: str, *words: object) -> None:
        run(f"tpm2_{name}", *words, env=self._reach())

    def _reach(self) -> dict[str, str]:
        return {**os.environ, "TPM2TOOLS_TCTI": self.tcti, "TPM2OPENSSL_TCTI": self.tcti}

    def protect_with(self, pin: str) -> tuple[str, Path]:
        """Makes the CA's key one with a PIN, wrong ones of which are counted; gives its URI and
        the file for the PIN."""
        self._make("0x81000003", "ecc256", "decrypt", "-p", pin)
        self._certify("0x81000003?pass", "-passin", f"pass:{pin}")
        pin_file = self.folder / "pin"
        pin_file.touch(0o600)
        os.chown(pin_file, packaged.USER, packaged.USER)
        return f"tpm2:handle=0x81000003?tcti={self.tcti}&pin-source={pin_file}", pin_file

    def failed_tries(self) -> int:
        said = subprocess.run(["tpm2_getcap", "properties-variable"], env=self._reach(),
                              capture_output=True, text=True, check=True, timeout=30).stdout
        return int(re.search(r"TPM2_PT_LOCKOUT_COUNTER: (\S+)", said)[1], 0)

    @property
    def tcti(self) -> str:
        return f"swtpm:path={self.socket}"

    def uri(self, name: str = NAME) -> str:
        return f"{name}?tcti={self.tcti}"

    def other_uri(self) -> str:
        return self.uri(self.NAME.replace("0001", "0002"))

    def take_away(self) -> None:
        self.process.kill()
        self.process.wait()

    def bring_back(self) -> None:
        for path in (self.socket, self.control):
            path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}",
             "--ctrl", f"type=unixio,path={self.control},mode=0666",
             "--server", f"type=unixio,path={self.socket},mode=0666",
             "--flags", "not-need-init,startup-clear"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("swtpm listens", lambda: self.socket.exists() and self.control.exists())

    @property
    def control(self) -> Path:
        return self.socket.with_name("socket.ctrl")  # Where its TCTI looks for it.

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.take_away()
        shutil.rmtree(self.folder, ignore_errors=True)
