"""Nobody gets another's identity: not by racing, not by dying, not by taking
over a pid, not by holding another's socket."""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import sys
import time

import run
from harness import api, grpc_raw, pids, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"
NAMES = {users.WEB: f"{OWN}/web", users.DB: f"{OWN}/db", users.BATCH: f"{OWN}/batch"}


class Isolation(Case):
    def serving(self, **settings):
        daemon = self.daemon(**settings)
        for uid, name in NAMES.items():
            daemon.entry_for(name.rpartition("/")[2], uid)
        return daemon.start()

    def test_two_users_started_together_200_times_see_only_their_own_identity(self):
        daemon = self.serving()
        for round_number in range(200):
            start, go = os.pipe()

            def race(send):
                os.read(start, 1)
                send(api.fetch_ids(daemon.socket))

            pair = {uid: users.Worker(uid, race) for uid in (users.WEB, users.DB)}
            os.write(go, b"go")
            answers = {uid: worker.receive() for uid, worker in pair.items()}
            for worker in pair.values():
                worker.stop()
            os.close(start)
            os.close(go)
            self.assertEqual(answers, {uid: [NAMES[uid]] for uid in pair}, f"round {round_number}")

    def test_streams_of_two_users_on_their_connections_never_mix(self):
        daemon = self.serving(x509={"ttl": "10s"})
        watchers = {uid: [self.watcher(uid, daemon) for _ in range(10)] for uid in NAMES}
        for _ in range(3):
            for uid, group in watchers.items():
                for watcher in group:
                    self.assertEqual(watcher.receive().ids, [NAMES[uid]])

    def test_connection_left_by_one_who_exits_gives_nothing_to_the_process_with_its_pid(self):
        """The connector dies, its socket lives on elsewhere, and its pid goes to
        a process of another user with an entry of its own."""
        daemon = self.serving()
        refused = 0
        for _ in range(20):
            connection, connector = self.connection_of(users.WEB, daemon)
            connector.kill()
            connector.wait()
            heir = pids.fork_with_pid(connector.pid, users.DB)
            self.addCleanup(pids.end, heir)
            self.assertEqual(os.stat(f"/proc/{connector.pid}").st_uid, users.DB)
            with connection:
                try:
                    h2 = grpc_raw.Connection(connection)
                    answer = api.x509_response(h2.message(h2.fetch(), 5))
                    self.fail(f"the heir of the pid was given {answer.ids}")
                except (grpc_raw.Ended, grpc_raw.Closed, BrokenPipeError, ConnectionError):
                    refused += 1
            pids.end(heir)
        self.assertEqual(refused, 20)

    def test_stream_left_by_one_who_exits_ends_although_its_pid_lives_on(self):
        daemon = self.serving(x509={"ttl": "10s"})
        connection, connector = self.connection_of(users.WEB, daemon)
        with grpc_raw.Connection(connection) as h2:
            stream = h2.fetch()
            self.assertEqual(api.x509_response(h2.message(stream)).ids, [NAMES[users.WEB]])
            connector.kill()
            connector.wait()
            heir = pids.fork_with_pid(connector.pid, users.WEB)
            self.addCleanup(pids.end, heir)
            begin = time.monotonic()
            with self.assertRaises((grpc_raw.Ended, grpc_raw.Closed)):
                h2.message(stream, 5)
            self.assertLess(time.monotonic() - begin, 1)

    def test_socket_passed_to_another_process_gives_nothing_after_the_connector_exits(self):
        """By SCM_RIGHTS, to another process of its user. One of another user gets nothing
        from the first: tests/attack/test_handles.py."""
        daemon = self.serving()
        ours, theirs = socket.socketpair()

        def receive_and_use(send):
            _, fds, _, _ = socket.recv_fds(theirs, 1, 1)
            h2 = grpc_raw.Connection(socket.socket(fileno=fds[0]))
            stream = h2.fetch()
            send(api.x509_response(h2.message(stream)).ids)
            try:
                send(api.x509_response(h2.message(stream, 20)).ids)
            except (grpc_raw.Ended, grpc_raw.Closed):
                send("ended")
            try:
                send(api.x509_response(h2.message(h2.fetch(), 5)).ids)
            except (grpc_raw.Ended, grpc_raw.Closed, ConnectionError):
                send("nothing")

        holder = self.worker(users.WEB, receive_and_use)
        connection, connector = self.connection_of(users.WEB, daemon)
        socket.send_fds(ours, [b"x"], [connection.fileno()])
        connection.close()
        # While the connector lives it may share its socket, as it may share its key.
        self.assertEqual(holder.receive(), [NAMES[users.WEB]])
        connector.kill()
        connector.wait()
        self.assertEqual(holder.receive(3), "ended")
        self.assertEqual(holder.receive(6), "nothing")

    def test_child_that_inherits_the_socket_gets_nothing_after_its_parent_exits(self):
        daemon = self.serving()

        def parent(send):
            h2 = grpc_raw.Connection(daemon.socket)
            stream = h2.fetch()
            send(api.x509_response(h2.message(stream)).ids)
            if os.fork() != 0:
                return
            try:
                h2.message(stream, 5)
            except (grpc_raw.Ended, grpc_raw.Closed):
                send("ended")

        worker = self.worker(users.WEB, parent)
        self.assertEqual(worker.receive(), [NAMES[users.WEB]])
        self.assertEqual(worker.receive(6), "ended")

    def connection_of(self, uid, daemon):
        """A socket that a process of `uid` connected, held here as well as there."""
        ours, theirs = socket.socketpair()

        def connect(_send):
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(daemon.socket)
            socket.send_fds(theirs, [b"c"], [raw.fileno()])
            signal.pause()

        worker = self.worker(uid, connect)
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        ours.close()
        theirs.close()
        return socket.socket(fileno=fds[0]), worker


class KillStorm(Case):
    """Thousands of processes of four users connect; many are killed at a random
    moment, while others take their places, their descriptors and their pids."""

    CONNECTIONS = 5000
    AT_ONCE = 24

    def test_no_wrong_identity_in_5000_connections(self):
        daemon = self.daemon(limits={"calls_per_second_per_uid": 100000})
        for uid, name in NAMES.items():
            daemon.entry_for(name.rpartition("/")[2], uid)
        daemon.start()
        descriptors = daemon.descriptors()
        seed = random.randrange(1 << 32)
        print("seed", seed)
        chance = random.Random(seed)
        counts = {"right": 0, "denied": 0, "killed": 0, "cut": 0}
        wrong = []
        for child, verdict in self.storm(chance, daemon.socket):
            if verdict in counts:
                counts[verdict] += 1
            else:
                wrong.append((child, verdict))
        print(counts)
        self.assertEqual(wrong, [], f"seed {seed}")
        self.assertEqual(counts["cut"], 0, f"connections of the living were cut, seed {seed}")
        self.assertGreater(counts["killed"], self.CONNECTIONS // 10)
        self.assertGreater(counts["right"], self.CONNECTIONS // 4)
        self.assertTrue(daemon.alive())
        self.until("no descriptor of the storm is left",
                   lambda: daemon.descriptors() < descriptors + 20, 30)

    def test_no_wrong_identity_where_pids_come_round_again_at_once(self):
        """The same storm, with the daemon in a pid namespace of a few hundred pids."""
        done = pids.run_in_small_pid_space(
            [sys.executable, run.__file__,
             "test_isolation.KillStorm.test_no_wrong_identity_in_5000_connections"], timeout=280)
        print(done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0)

    def storm(self, chance, path):
        """Yields (uid, verdict) of every child. The doomed die at a random moment
        of a life, whose usual length differs from machine to machine."""
        live = {}  # pipe -> (pid, uid, doomed)
        started = 0
        usual_life = 0.005
        poller = select.poll()
        while live or started < self.CONNECTIONS:
            while started < self.CONNECTIONS and len(live) < self.AT_ONCE:
                uid = chance.choice([*NAMES, users.STRANGER])
                doomed = chance.random() < 0.5
                end = chance.uniform(0.0001, usual_life) if doomed else 0
                pipe, pid = self.child(uid, path, end)
                poller.register(pipe, select.POLLIN | select.POLLHUP)
                live[pipe] = (pid, uid, doomed)
                started += 1
            for pipe, _ in poller.poll(1):
                pid, uid, doomed = live.pop(pipe)
                poller.unregister(pipe)
                verdict, _, life = os.read(pipe, 4096).decode().partition("\n")
                os.close(pipe)
                os.waitpid(pid, 0)
                if life and not doomed:
                    usual_life += (float(life) - usual_life) / 16
                yield uid, verdict or "killed"

    @staticmethod
    def child(uid, path, end):
        """A process that asks for its identities. The kernel kills it after `end`
        seconds, wherever it is then; never if 0."""
        out, inner = os.pipe()
        pid = os.fork()
        if pid:
            os.close(inner)
            return out, pid
        born = time.monotonic()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, end)
        verdict = "cut"
        try:
            users.become(uid)
            ids = api.fetch_ids(path, 20)
            verdict = "right" if ids == [NAMES.get(uid)] else f"WRONG {ids}"
        except grpc_raw.Ended as end_of_call:
            known = end_of_call.code == grpc_raw.PERMISSION_DENIED and uid == users.STRANGER
            verdict = "denied" if known else f"WRONG status {end_of_call.code} {end_of_call.message}"
        except grpc_raw.Closed:
            pass
        except Exception as error:
            verdict = f"WRONG {error!r}"
        finally:
            os.write(inner, f"{verdict}\n{time.monotonic() - born}".encode())
            os._exit(0)
