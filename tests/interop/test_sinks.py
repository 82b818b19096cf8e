"""nginx, HAProxy, PostgreSQL and Redis serve mTLS with the files of sinks: they start when
these are there, take rotations while they serve, and refuse who is revoked, if they can."""

from __future__ import annotations

import json
import pwd
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from harness import api, openssl, users
from harness.case import Case
from harness.daemon import toml

POSTGRES_BIN = Path(sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1])
# From the order to revoke to the handshake that fails.
WITHIN = 5.0  # On a busy machine. docs/revocation.md has the figures.


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http(secure: ssl.SSLSocket) -> bool:
    secure.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    return secure.recv(4096).startswith(b"HTTP/1.1 200")


def redis(secure: ssl.SSLSocket) -> bool:
    secure.sendall(b"PING\r\n")
    return secure.recv(64) == b"+PONG\r\n"


def ask_for_tls(plain: socket.socket) -> None:
    """PostgreSQL's SSLRequest."""
    plain.sendall(struct.pack("!II", 8, 80877103))
    if plain.recv(1) != b"S":
        raise OSError("PostgreSQL does not speak TLS")


def postgres(secure: ssl.SSLSocket) -> bool:
    words = b"user\0postgres\0database\0postgres\0\0"
    secure.sendall(struct.pack("!II", 8 + len(words), 196608) + words)
    return secure.recv(4096).startswith(b"R\0\0\0\x08\0\0\0\0")  # AuthenticationOk


@dataclass
class Service:
    """One server, its sink, and what its clients have met."""

    name: str
    uid: int
    sink: dict[str, object]
    start: Callable[[Service], None]
    works: Callable[[ssl.SSLSocket], bool] = http
    prepare: Callable[[Service], None] = lambda one: None
    before: Callable[[socket.socket], None] = lambda plain: None
    port: int = field(default_factory=free_port)
    home: Path = Path()
    process: subprocess.Popen[bytes] | None = None
    serials: list[str] = field(default_factory=list)
    requests: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.home / "sink"

    @property
    def current(self) -> Path:
        return self.folder / "current"


class Sinks(Case):
    TTL = "10s"  # Of what the services serve with.

    def begin(self, *services: Service) -> None:
        """A daemon with a sink for each, the services, and a client with an SVID."""
        self.suretyd = self.daemon(uid=0)  # Gives files to other users.
        self.services = services
        with self.suretyd.config.open("a") as config:
            for one in services:
                one.home = self.suretyd.folder / one.name
                one.home.mkdir()
                shutil.chown(one.home, 0, 0)
                one.folder.mkdir()
                (one.home / "own").mkdir(mode=0o700)
                shutil.chown(one.home / "own", one.uid, one.uid)
                settings = {"name": one.name, "uid": str(one.uid), "folder": str(one.folder),
                            "owner": str(one.uid),
                            **{key: self.placed(value, one) for key, value in one.sink.items()}}
                config.write("[[sink]]\n" + "".join(f"{key} = {toml(value)}\n"
                                                    for key, value in settings.items()))
                self.suretyd.entry_for(one.name, one.uid, x509_ttl=self.TTL)
                one.prepare(one)
        self.suretyd.entry_for("client", users.DB)
        self.suretyd.start()
        self.client = self.watcher(users.DB, self.suretyd).receive().svids[0]
        waiting = [self.wait_for(one) for one in services]
        for one, process in zip(services, waiting):
            self.assertEqual(process.wait(10), 0, process.stderr.read())
            process.stderr.close()
            process.stdout.close()
            one.start(one)
        for one in services:
            self.until(f"{one.name} serves with files of its own",
                       lambda one=one: self.sink(one)["pid"] == one.process.pid and
                       self.sink(one)["state"] == "written" and self.serves(one), 15)

    def wait_for(self, one: Service) -> subprocess.Popen[str]:
        return self.suretyd.popen("surety", "sink", "wait", "--timeout", "10s", str(one.folder),
                                  uid=one.uid)

    @staticmethod
    def placed(value: object, one: Service) -> object:
        if isinstance(value, list):
            return [word.replace("CURRENT", str(one.current)).replace("OWN", str(one.home / "own"))
                    for word in value]
        return value

    def sink(self, one: Service) -> dict[str, object]:
        done = self.suretyd.run("surety", "status", "-o", "json", "--admin-socket",
                                self.suretyd.admin_socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        return next(sink for sink in json.loads(done.stdout)["sinks"] if sink["name"] == one.name)

    def run_as(self, one: Service, *command: object) -> None:
        """The service in the foreground; what it says is shown if the test fails."""
        log = (one.home / "log").open("ab")
        self.addCleanup(log.close)
        one.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=one.home / "own", start_new_session=True, **self.suretyd._identity(one.uid))
        self.addCleanup(self.end, one)

    @staticmethod
    def end(one: Service) -> None:
        # PostgreSQL's immediate shutdown; the others end their workers at SIGTERM.
        one.process.send_signal(signal.SIGQUIT if one.name == "postgresql" else signal.SIGTERM)
        try:
            one.process.wait(5)
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()

    def tearDown(self) -> None:
        super().tearDown()
        if not self._outcome.success:
            for one in self.services:
                if (one.home / "log").exists():
                    print(f"---- {one.name}", (one.home / "log").read_text()[-3000:], sep="\n")

    # Clients

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata="".join(
            openssl.pem(der).decode() for der in api.certificates(self.client.bundle)))
        pair = self.suretyd.folder / "client.pem"
        if not pair.exists():
            pair.write_bytes(openssl.pem(api.certificates(self.client.chain)[0]) +
                             openssl.key_pem(self.client.key))
        context.load_cert_chain(pair)
        return context

    def request(self, one: Service, context: ssl.SSLContext) -> bytes:
        """A request over a fresh mTLS connection; gives the server's certificate."""
        with socket.create_connection(("127.0.0.1", one.port), 10) as plain:
            one.before(plain)
            with context.wrap_socket(plain) as secure:
                if not one.works(secure):
                    raise OSError("the request is refused")
                return secure.getpeercert(binary_form=True)

    def serves(self, one: Service) -> bool:
        self.assertIsNone(one.process.poll(), f"{one.name} has ended")
        try:
            return bool(self.request(one, self.context()))
        except OSError:
            return False

    def load(self, one: Service, stop: threading.Event) -> None:
        context = self.context()
        while not stop.is_set():
            one.requests += 1
            try:
                der = self.request(one, context)
                if not one.serials or one.serials[-1] != der:
                    one.serials.append(der)
            except OSError as error:
                one.failures.append(str(error))
            time.sleep(0.01)

    # Services

    def start_nginx(self, one: Service) -> None:
        own = one.home / "own"
        temporary = "".join(f"{kind}_temp_path {own}/{kind};" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (one.home / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {own}/pid; error_log stderr;
            events {{}}
            http {{ access_log off; {temporary} server {{
              listen 127.0.0.1:{one.port} ssl;
              ssl_certificate {one.current}/svid.pem;
              ssl_certificate_key {one.current}/key.pem;
              ssl_client_certificate {one.current}/bundle.pem;
              ssl_crl {one.current}/crl.pem;
              ssl_verify_client on;
              ssl_session_cache off;
              ssl_session_tickets off;
              location / {{ return 200 "served"; }}
            }} }}""")
        self.run_as(one, "/usr/sbin/nginx", "-e", "stderr", "-c", one.home / "nginx.conf")

    def start_haproxy(self, one: Service) -> None:
        (one.home / "haproxy.cfg").write_text(f"""
global
  stats socket {one.home}/own/admin.sock mode 600 level admin expose-fd listeners
  ssl-default-bind-options no-tls-tickets
  tune.ssl.cachesize 0
  hard-stop-after 5s
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend web
  bind 127.0.0.1:{one.port} ssl crt {one.current}/combined.pem ca-file {one.current}/bundle.pem crl-file {one.current}/crl.pem verify required
  http-request return status 200 content-type text/plain string served
""")
        self.run_as(one, "/usr/sbin/haproxy", "-W", "-f", one.home / "haproxy.cfg")

    def make_database(self, one: Service) -> None:
        """While no sink sees it: initdb takes a SIGHUP for the end."""
        data = one.home / "own/data"
        done = subprocess.run(
            [POSTGRES_BIN / "initdb", "-D", data, "--no-sync", "-A", "trust", "-U", "postgres"],
            capture_output=True, text=True, cwd=one.home / "own", check=False,
            **self.suretyd._identity(one.uid))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (data / "pg_hba.conf").write_text(
            "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\n")

    def start_postgresql(self, one: Service) -> None:
        data = one.home / "own/data"
        settings = {"port": one.port, "listen_addresses": "127.0.0.1",
                    "unix_socket_directories": "", "ssl": "on", "fsync": "off",
                    "ssl_cert_file": one.current / "svid.pem",
                    "ssl_key_file": one.current / "key.pem",
                    "ssl_ca_file": one.current / "bundle.pem",
                    "ssl_crl_file": one.current / "crl.pem"}
        self.run_as(one, POSTGRES_BIN / "postgres", "-D", data,
                    *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")))

    def start_redis(self, one: Service) -> None:
        self.run_as(one, "/usr/bin/redis-server", "--port", 0, "--tls-port", one.port, "--bind",
                    "127.0.0.1", "--unixsocket", one.home / "own/redis.sock", "--save", "",
                    "--tls-cert-file", one.current / "svid.pem",
                    "--tls-key-file", one.current / "key.pem",
                    "--tls-ca-cert-file", one.current / "bundle.pem", "--tls-auth-clients", "yes")

    def all_four(self) -> list[Service]:
        return [
            Service("nginx", 12011, {"reload_signal": "HUP"}, self.start_nginx),
            Service("haproxy", 12012, {"layout": "combined", "reload_signal": "USR2"},
                    self.start_haproxy),
            Service("postgresql", pwd.getpwnam("postgres").pw_uid, {"reload_signal": "HUP"},
                    self.start_postgresql, postgres, self.make_database, ask_for_tls),
            Service("redis", 12013, {"reload_command": [
                "/usr/bin/redis-cli", "-e", "-s", "OWN/redis.sock", "config", "set",
                "tls-cert-file", "CURRENT/svid.pem", "tls-key-file", "CURRENT/key.pem",
                "tls-ca-cert-file", "CURRENT/bundle.pem"]}, self.start_redis, redis)]

    def test_services_take_rotations_under_load_and_refuse_who_is_revoked(self):
        self.begin(*self.all_four())
        stop = threading.Event()
        threads = [threading.Thread(target=self.load, args=(one, stop)) for one in self.services]
        pids = [one.process.pid for one in self.services]
        try:
            for thread in threads:
                thread.start()
            for one in self.services:
                self.until(f"{one.name} serves another certificate",
                           lambda one=one: len(one.serials) > 1, 12)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        for one in self.services:
            self.assertEqual(one.failures, [], one.name)
            self.assertGreater(one.requests, 20, one.name)
            self.assertIsNone(one.process.poll(), f"{one.name} has ended")
        self.assertEqual([one.process.pid for one in self.services], pids)
        self.assert_refuse_revoked()

    def assert_refuse_revoked(self) -> None:
        serial = openssl.serial(api.certificates(self.client.chain)[0])
        begun = time.monotonic()
        done = self.suretyd.run("surety", "revoke", "--admin-socket", self.suretyd.admin_socket,
                                "--serial", serial, "--reason", "stolen")
        self.assertEqual(done.returncode, 0, done.stderr)
        *able, unable = self.services
        took: dict[str, float] = {}

        def all_refuse() -> bool:
            for one in able:
                if one.name not in took and not self.serves(one):
                    took[one.name] = time.monotonic() - begun
            return len(took) == len(able)

        self.until("the revoked client is refused", all_refuse, 10)
        print({name: f"{seconds * 1000:.0f} ms" for name, seconds in took.items()})
        self.assertLess(max(took.values()), WITHIN, took)
        # docs/sinks.md says so, and what to do.
        self.assertTrue(self.serves(unable), "Redis looks at revocation lists after all")
