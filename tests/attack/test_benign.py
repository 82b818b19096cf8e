"""What looks like an attack and is none (row 57): nothing of it is refused, revoked or
quarantined by the policy that Surety comes with, except where a case says otherwise."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import kernel
from harness import api, audit, grpc_raw, openssl, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

PYTHON = os.path.realpath("/usr/bin/python3")
EXAMPLES = Path(__file__).parents[2] / "docs/examples"
LIBC = ctypes.CDLL(None, use_errno=True)
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
SYS_EXIT = {"x86_64": 60, "aarch64": 93}[os.uname().machine]
VERSION_1 = Path("/sys/fs/cgroup/freezer")  # A hierarchy of cgroups, where there are any.


class BenignCase(Case):
    def assert_no_false_alarm(self, daemon):
        """Until now nobody was refused and nothing revoked but what exits took."""
        self.assertEqual(audit.decisions(daemon, verdict="refuse"), [])
        self.assertEqual(audit.decisions(daemon, verdict="challenge"), [])
        for what in ("quarantine.added", "revoked"):
            self.assertEqual(audit.notices(daemon, what), [])

    def alert(self, daemon, pid, policy):
        """People are told, and the process goes on."""
        return audit.awaited(f"the alert {policy} is recorded", lambda: [
            one for one in audit.decisions(daemon, pid=pid, verdict="allow")
            for entry in one["entries"]
            if policy in entry.get("observed", []) and entry["obligations"]["alert"]])

    def service(self, uid, daemon, *acts):
        """A process with an open stream; do() runs its next act, next() reads what it was
        sent."""
        orders, ours = os.pipe()

        def work(send):
            with grpc_raw.Connection(daemon.socket) as connection:
                stream = connection.fetch()
                send(api.x509_response(connection.message(stream)).ids)
                for act in acts:
                    os.read(orders, 1)
                    send(act())
                    # Looked at again by then, by event or sweep.
                    time.sleep(0.6)
                    send(api.x509_response(connection.message(connection.fetch())).ids)
                try:
                    connection.message(stream, 0.5)
                except grpc_raw.Timeout:
                    send("goes on")
                except grpc_raw.Ended as end:
                    send((end.code, end.message))

        worker = self.worker(uid, work)
        os.close(orders)
        self.addCleanup(os.close, ours)
        self.assertTrue(worker.receive())

        def do():
            os.write(ours, b"!")
            result = worker.receive()
            self.assertTrue(worker.receive(), "it is served after that, too")
            return result

        return worker, do

    def assert_goes_on(self, worker):
        self.assertEqual(worker.receive(), "goes on")


class Processes(BenignCase):
    def test_57_daemon_that_becomes_its_user_before_it_asks(self):
        daemon = self.serving()

        def start():
            os.setsid()
            if os.fork() != 0:
                os._exit(0)
            users.become(users.WEB)
            return api.fetch_ids(daemon.socket)

        out, inner = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(inner, ",".join(start()).encode())
            finally:
                os._exit(0)
        os.close(inner)
        os.waitpid(child, 0)
        self.assertEqual(os.read(out, 1000).decode(), f"spiffe://{TRUST_DOMAIN}/web")
        os.close(out)
        self.assert_no_false_alarm(daemon)

    def test_57_service_that_drops_privileges_after_it_was_served(self):
        daemon = self.daemon()
        daemon.entry_for("root", 0)
        daemon.start()

        def drop_capability():
            capabilities = (ctypes.c_uint32 * 6)()
            header = (ctypes.c_uint32 * 2)(0x20080522, 0)
            self.assertEqual(LIBC.capget(header, capabilities), 0)
            for i in (0, 1):  # net_raw (13) and sys_admin (21), effective and permitted
                capabilities[i] &= ~((1 << 13) | (1 << 21))
            self.assertEqual(LIBC.capset(header, capabilities), 0)

        def leave_groups():
            os.setgroups([])

        def no_new_privileges():
            self.assertEqual(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0)

        worker, do = self.service(0, daemon, drop_capability, leave_groups, no_new_privileges)
        for _ in range(3):
            do()
        self.assert_goes_on(worker)
        self.assert_no_false_alarm(daemon)

    def test_57_daemons_that_fork_twice_and_begin_sessions(self):
        daemon = self.serving()

        def daemonize(send):
            for _ in range(30):
                out, inner = os.pipe()
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        os.write(inner, b"." if api.fetch_ids(daemon.socket) else b"!")
                    os._exit(0)
                os.close(inner)
                os.wait()
                send(os.read(out, 1))
                os.close(out)

        worker = self.worker(users.WEB, daemonize)
        self.assertEqual([worker.receive() for _ in range(30)], [b"."] * 30)
        self.assert_no_false_alarm(daemon)

    def test_57_short_jobs_of_one_user_twenty_a_second(self):
        daemon = self.serving()
        begin = time.monotonic()
        for number in range(100):
            time.sleep(max(0.0, begin + number * 0.05 - time.monotonic()))
            self.assertTrue(self.ids_of(users.WEB, daemon))
        self.assert_no_false_alarm(daemon)

    def test_57_pool_that_forks_200_workers_a_second_that_each_ask_once(self):
        daemon = self.serving()

        def pool(send):
            served, living = 0, {}
            begin = time.monotonic()
            for number in range(1000):
                time.sleep(max(0.0, begin + number / 200 - time.monotonic()))
                out, inner = os.pipe()
                pid = os.fork()
                if pid == 0:
                    try:
                        os.write(inner, b"." if api.fetch_ids(daemon.socket, 20) else b"!")
                    finally:
                        os._exit(0)
                os.close(inner)
                living[pid] = out
                while len(living) > 64 or (living and number == 999):
                    gone, _ = os.waitpid(-1, 0)
                    served += os.read(living[gone], 1) == b"."
                    os.close(living.pop(gone))
            send((served, 1000 / (time.monotonic() - begin)))

        served, rate = self.worker(users.WEB, pool).receive(110)
        print(f"{served} of 1000 workers were served, {rate:.0f} a second")
        self.assertEqual(served, 1000)
        self.assert_no_false_alarm(daemon)

    def test_57_program_whose_first_thread_ends_while_others_serve(self):
        """As pthread_exit(3) in main() does it. The kernel then tells as little of it as of a
        process that exits, and shows it in the root of version 1 hierarchies of cgroups."""
        daemon = self.serving()
        orders, ours = os.pipe()
        self.addCleanup(os.close, ours)

        def work(send):
            os.read(orders, 1)
            with grpc_raw.Connection(daemon.socket) as connection:
                stream = connection.fetch()
                send(api.x509_response(connection.message(stream)).ids)

                def go_on():
                    try:
                        connection.message(stream, 1)
                    except grpc_raw.Timeout:
                        send("its stream goes on")
                    except grpc_raw.Ended as end:
                        send((end.code, end.message))
                    os._exit(0)

                threading.Thread(target=go_on).start()
                LIBC.syscall(SYS_EXIT, 0)

        worker = self.worker(users.WEB, work)
        os.close(orders)
        if VERSION_1.is_dir():
            folder = VERSION_1 / f"first-thread-{os.getpid()}"
            folder.mkdir()
            self.addCleanup(self.until, "the cgroup is empty and goes",
                            lambda: kernel.remove_cgroup(folder))
            (folder / "cgroup.procs").write_text(str(worker.pid))
        os.write(ours, b"!")
        self.assertTrue(worker.receive())
        self.assertEqual(worker.receive(), "its stream goes on")
        [record] = audit.decisions(daemon, pid=worker.pid, verdict="undecided")[-1:]
        self.assertIn("first thread", str(record["missing"]))
        self.assert_no_false_alarm(daemon)

    def test_57_same_program_executed_again_on_a_stream_that_goes_on(self):
        """As a service does that reloads by execve(2), its sockets kept."""
        daemon = self.serving()
        script = Path(daemon.folder, "again.py")
        script.write_text(
            "import os, sys, time\n"
            f"sys.path.insert(0, {str(Path(api.__file__).parents[1])!r})\n"
            "from harness import api, grpc_raw\n"
            "import socket\n"
            "where, left, fd = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])\n"
            "if fd:\n"
            "    grpc_raw.Connection.__init__.__globals__  # the old connection stays open\n"
            "print(','.join(api.fetch_ids(where)), flush=True)\n"
            "connection = socket.socket(socket.AF_UNIX)\n"
            "connection.connect(where)\n"
            "connection.set_inheritable(True)\n"
            "time.sleep(0.5)\n"
            "if left:\n"
            "    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:-2],\n"
            "             str(left - 1), str(connection.fileno())])\n")
        script.chmod(0o644)
        done = subprocess.run([PYTHON, "-B", str(script), daemon.socket, "3", "0"],
                              capture_output=True, text=True, timeout=60, check=False,
                              user=users.WEB, group=users.WEB, extra_groups=[])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(), [f"spiffe://{TRUST_DOMAIN}/web"] * 4)
        self.assert_no_false_alarm(daemon)

    def test_57_agent_that_attaches_as_those_of_a_java_machine_do(self):
        """By a signal and a socket in /tmp, from the same user: nothing of it is ptrace."""
        daemon = self.serving()
        path = f"/tmp/.surety_attach{os.getpid()}"

        def listen():
            signal.signal(signal.SIGQUIT, lambda *_: None)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            globals()["kept"] = listener

        def accept():
            connection, _ = globals()["kept"].accept()
            return connection.recv(10)

        self.addCleanup(lambda: Path(path).unlink(missing_ok=True))
        worker, do = self.service(users.WEB, daemon, listen, accept)
        do()

        def attach():
            os.kill(worker.pid, signal.SIGQUIT)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(b"load")

        users.run_as(users.WEB, attach)
        self.assertEqual(do(), b"load")
        self.assert_goes_on(worker)
        self.assert_no_false_alarm(daemon)

    def test_57_debugger_of_root_is_an_alert_and_no_more(self):
        daemon = self.serving()
        worker, do = self.service(users.WEB, daemon, lambda: None)
        attach, detach, seize = 16, 17, 0x4206
        self.assertEqual(LIBC.ptrace(seize, worker.pid, 0, 0), 0, os.strerror(ctypes.get_errno()))
        self.alert(daemon, worker.pid, "traced.by-root")
        do()
        self.assert_goes_on(worker)
        self.assert_no_false_alarm(daemon)


class Operations(BenignCase):
    def test_57_reload_of_the_daemon_and_of_the_service(self):
        daemon = self.serving()
        reloaded = []

        def reload_itself():
            signal.signal(signal.SIGHUP, lambda *_: reloaded.append(1))
            os.kill(os.getpid(), signal.SIGHUP)

        worker, do = self.service(users.WEB, daemon, reload_itself)
        for _ in range(5):
            daemon.reload()
        daemon.entry_for("db", users.DB, x509_ttl="20m")
        do()
        self.assert_goes_on(worker)
        self.assert_no_false_alarm(daemon)

    def test_57_log_that_is_rotated_under_the_service(self):
        daemon = self.serving()
        folder = daemon.folder / "logs"
        folder.mkdir()
        os.chown(folder, users.WEB, users.WEB)

        def rotate():
            (folder / "log").write_text("a line\n")
            (folder / "log").rename(folder / "log.1")
            (folder / "log").write_text("another\n")
            (folder / "log.1").unlink()

        worker, do = self.service(users.WEB, daemon, rotate, rotate)
        do()
        do()
        self.assert_goes_on(worker)
        self.assert_no_false_alarm(daemon)

    def test_57_log_of_the_daemon_that_is_rotated(self):
        daemon = self.serving()
        daemon.log_path.rename(daemon.folder / "log.1")
        self.assert_served(daemon)
        daemon.reload()
        self.assert_served(daemon)
        self.assert_no_false_alarm(daemon)

    def test_57_blue_and_green_of_one_service(self):
        """Two versions, two identities, started by one supervisor."""
        daemon = self.daemon()
        daemon.entry_for("blue", users.WEB)
        daemon.entry_for("green", users.DB)
        daemon.start()

        def supervise(send):
            os.setsid()
            pipes = []
            for uid in (users.WEB, users.DB, users.WEB, users.DB):
                out, inner = os.pipe()
                if os.fork() == 0:
                    users.become(uid)
                    os.write(inner, ",".join(api.fetch_ids(daemon.socket)).encode())
                    os._exit(0)
                os.close(inner)
                pipes.append(out)
            send([os.read(out, 1000).decode().rpartition("/")[2] for out in pipes])

        worker = self.worker(0, supervise)
        self.assertEqual(worker.receive(), ["blue", "green", "blue", "green"])
        self.assert_no_false_alarm(daemon)


class PackageUpgrade(BenignCase):
    """The service is /usr/bin/web of the example; here its copy of the interpreter."""

    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        # A replaced file counts as upgraded where root alone can write, up to the root.
        folder = Path(tempfile.mkdtemp(prefix="surety-e2e-", dir="/opt"))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        self.program = folder / "web"
        shutil.copy2(PYTHON, self.program)
        self.program.chmod(0o755)

    def upgrade(self):
        """As dpkg does: another file takes its place."""
        newer = self.program.with_suffix(".dpkg-new")
        shutil.copy2(PYTHON, newer)
        with newer.open("ab") as file:
            file.write(b"\0another version")
        newer.chmod(0o755)
        newer.rename(self.program)

    def start_service(self):
        harness = str(Path(api.__file__).parents[1])
        script = self.suretyd.folder / "service.py"
        script.write_text(
            "import os, sys\n"
            f"sys.path.insert(0, {harness!r})\n"
            "sys.dont_write_bytecode = True\n"
            "from harness import grpc_raw, api\n"
            "def ask():\n"
            "    try:\n"
            "        print('served', *api.fetch_ids(sys.argv[1]), flush=True)\n"
            "    except grpc_raw.Ended as end:\n"
            "        print('refused', end.message, flush=True)\n"
            "print('ready', flush=True)\n"
            "for line in iter(sys.stdin.readline, ''):\n"
            "    if line == 'exec\\n':\n"
            "        os.execv(sys.orig_argv[0], sys.orig_argv)\n"
            "    ask()\n")
        script.chmod(0o644)
        service = subprocess.Popen([str(self.program), "-u", str(script), self.suretyd.socket],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   user=users.WEB, group=users.WEB, extra_groups=[],
                                   env={"PYTHONHOME": os.path.dirname(os.path.dirname(PYTHON))})

        def end():
            service.stdin.close()
            service.wait(10)
            service.stdout.close()

        self.addCleanup(end)
        self.assertEqual(service.stdout.readline(), "ready\n")
        return service

    def tell(self, service, line):
        service.stdin.write(line + "\n")
        service.stdin.flush()

    def execute_again(self, service):
        self.tell(service, "exec")
        self.assertEqual(service.stdout.readline(), "ready\n")

    def ask(self, service):
        self.tell(service, "ask")
        return service.stdout.readline().strip()

    def configure_entry(self):
        self.suretyd.write_entry("web", spiffe_id=f"spiffe://{TRUST_DOMAIN}/web",
                                 selectors=[f"unix:uid:{users.WEB}"])
        self.suretyd.entry_for("db", users.DB)

    def under_the_example(self):
        """The policy of docs/examples, its path that of this test's program."""
        folder = self.suretyd.folder / "policies"
        folder.mkdir()
        text = (EXAMPLES / "policies/package-upgrade.cedar").read_text()
        self.assertIn('"/usr/bin/web"', text)
        (folder / "package-upgrade.cedar").write_text(
            text.replace('"/usr/bin/web"', f'"{self.program}"'))
        self.suretyd.configure("policy", dir=str(folder), beneath=True)

    def test_57_upgrade_under_a_running_service_is_an_alert_until_it_executes(self):
        self.configure_entry()
        self.suretyd.start()
        service = self.start_service()
        self.assertTrue(self.ask(service).startswith("served"))
        self.upgrade()
        self.assertTrue(self.ask(service).startswith("served"))
        self.alert(self.suretyd, service.pid, "exe.replaced")
        self.assert_no_false_alarm(self.suretyd)
        self.execute_again(service)
        self.assertIn("drift.executable", self.ask(service))
        self.assert_served(self.suretyd, users.DB)

    def test_57_upgraded_service_may_execute_itself_under_the_example_policy(self):
        self.configure_entry()
        self.under_the_example()
        self.suretyd.start()
        service = self.start_service()
        self.assertTrue(self.ask(service).startswith("served"))
        for _ in range(2):
            self.upgrade()
            self.execute_again(service)
            self.assertTrue(self.ask(service).startswith("served"))
        self.assert_no_false_alarm(self.suretyd)

    def test_57_example_policy_is_valid_and_its_cases_hold(self):
        for args in (("check", str(EXAMPLES / "policies"), "--beneath"),
                     ("test", str(EXAMPLES / "policy-cases/package-upgrade.toml"), "--policies",
                      str(EXAMPLES / "policies"), "--beneath")):
            done = self.suretyd.run("surety", "policy", *args)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
