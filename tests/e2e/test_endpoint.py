"""CONFORMANCE rows E: the Workload Endpoint (SPIFFE_Workload_Endpoint.md)."""

from __future__ import annotations

import contextlib
from pathlib import Path

from harness import api, grpc_raw, users
from harness.case import Case

SVID = "/SpiffeWorkloadAPI/FetchX509SVID"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def ask(daemon, uid, method, extra=None, message=b""):
    """The status of one call, or OK once a message has come."""

    def call():
        with grpc_raw.Connection(daemon.socket) as connection:
            number = connection.call(method, message, extra)
            try:
                return grpc_raw.OK, connection.message(number)
            except grpc_raw.Ended as end:
                return end.code, end.message

    return users.run_as(uid, call)


class Endpoint(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.serving()

    def code(self, extra, uid=users.WEB, method=SVID):
        return ask(self.suretyd, uid, method, extra)[0]

    def test_e1_e4_e6_plain_grpc_on_a_unix_socket_without_tls_or_credentials(self):
        self.assertEqual(self.ids_of(users.WEB, self.suretyd), ["spiffe://e2e.example.org/web"])

    def open_files(self):
        for fd in Path(f"/proc/{self.suretyd.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # Closed between the two looks.
                yield str(fd.readlink())

    def test_e2_nothing_listens_on_tcp(self):
        inodes = {target[8:-1] for target in self.open_files() if target.startswith("socket:[")}
        self.assertTrue(inodes)
        for table in ("tcp", "tcp6", "udp", "udp6"):
            rows = Path(f"/proc/{self.suretyd.pid}/net/{table}").read_text().splitlines()[1:]
            self.assertFalse(inodes & {row.split()[9] for row in rows}, table)

    def test_e3_call_without_the_header_is_invalid(self):
        self.assertEqual(self.code([]), grpc_raw.INVALID_ARGUMENT)

    def test_e3_any_other_value_than_true_is_invalid(self):
        for value in ("True", "TRUE", "1", "", "false", " true", "true,true", "true "):
            with self.subTest(value=value):
                # HTTP/2 stacks trim blanks around a value, or refuse the request.
                code = self.code([("workload.spiffe.io", value)])
                trimmed = value.strip() == "true"
                self.assertIn(code, (grpc_raw.INVALID_ARGUMENT, *([grpc_raw.OK] if trimmed else [])))

    def test_e3b_doubled_header_is_invalid(self):
        header = grpc_raw.SPIFFE_HEADER
        self.assertEqual(self.code([header, header]), grpc_raw.INVALID_ARGUMENT)
        self.assertEqual(self.code([header, ("workload.spiffe.io", "false")]),
                         grpc_raw.INVALID_ARGUMENT)

    def test_e3_holds_for_every_rpc_of_the_service(self):
        for name in ("FetchX509SVID", "FetchX509Bundles", "FetchJWTSVID", "FetchJWTBundles",
                     "ValidateJWTSVID", "FetchWITSVID", "FetchWITBundles"):
            with self.subTest(rpc=name):
                code = self.code([], method=f"/SpiffeWorkloadAPI/{name}")
                self.assertEqual(code, grpc_raw.INVALID_ARGUMENT)

    def test_e3c_header_is_checked_before_who_is_asking(self):
        self.assertEqual(self.code([], uid=users.STRANGER), grpc_raw.INVALID_ARGUMENT)

    def test_e3c_health_and_reflection_need_no_header(self):
        self.assertEqual(self.code([], method="/grpc.health.v1.Health/Check"), grpc_raw.OK)
        self.assertEqual(ask(self.suretyd, users.WEB, REFLECTION, [], b"\x3a\x01*")[0], grpc_raw.OK)

    def test_e8_caller_without_an_identity_is_denied(self):
        for name in ("FetchX509SVID", "FetchX509Bundles", "FetchJWTBundles"):
            with self.subTest(rpc=name):
                code, message = self.status_of(users.STRANGER, self.suretyd, name)
                self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
                self.assertTrue(message)

    def test_e9_rpcs_that_are_not_built_are_unimplemented(self):
        for name in ("FetchWITSVID", "FetchWITBundles"):
            with self.subTest(rpc=name):
                self.assertEqual(self.code(None, method=f"/SpiffeWorkloadAPI/{name}"),
                                 grpc_raw.UNIMPLEMENTED)

    def test_e9_unknown_methods_and_services_are_unimplemented(self):
        for method in ("/SpiffeWorkloadAPI/Mint", "/WorkloadAPI/FetchX509SVID", "/x.Y/Z",
                       "/surety.admin.v1.Admin/GetStatus"):
            with self.subTest(method=method):
                self.assertEqual(self.code(None, method=method), grpc_raw.UNIMPLEMENTED)
        self.assert_served(self.suretyd)

    def test_e10_reflection_lists_the_services(self):
        code, answer = ask(self.suretyd, users.WEB, REFLECTION, None, b"\x3a\x01*")
        self.assertEqual(code, grpc_raw.OK)
        for name in (b"SpiffeWorkloadAPI", b"grpc.health.v1.Health"):
            self.assertIn(name, answer)

    def test_e11_service_has_the_specifications_rpcs_and_no_other(self):
        symbol = b"SpiffeWorkloadAPI"
        _, answer = ask(self.suretyd, users.WEB, REFLECTION, None,
                        b"\x22" + bytes([len(symbol)]) + symbol)
        files = [part for number, part in api.fields(answer) if number == 4]
        names = []
        for _, file in api.fields(files[0]):
            for service in (part for number, part in api.fields(file) if number == 6):
                for method in (part for number, part in api.fields(service) if number == 2):
                    names.append(dict(api.fields(method))[1].decode())
        self.assertEqual(sorted(names), [
            "FetchJWTBundles", "FetchJWTSVID", "FetchWITBundles", "FetchWITSVID",
            "FetchX509Bundles", "FetchX509SVID", "ValidateJWTSVID"])

    def test_admin_service_is_not_on_the_workload_socket_even_for_root(self):
        self.assertEqual(self.code(None, uid=0, method="/surety.admin.v1.Admin/GetStatus"),
                         grpc_raw.UNIMPLEMENTED)

    def test_admin_socket_is_closed_to_workloads(self):
        with self.assertRaises(PermissionError):
            users.run_as(users.WEB, grpc_raw.Connection, self.suretyd.admin_socket)
