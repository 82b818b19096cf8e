#!/usr/bin/env python3
"""Who may include whom. The table below is the rule of docs/architecture.md.

    check_includes.py [ROOT]       exits 1 and names file, line and rule if one is broken
    check_includes.py --self-test  shows on made-up trees that each rule can fail
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

FOLDERS = ("include/surety", "attestors", "agent", "workload_api", "conformance")

# Which of our own headers a file may include besides those of its own folder.
# The first row whose prefix fits decides. Folders of agent/ may include those
# left of them in this order, never the other way.
AGENT_ORDER = ("identity", "policy", "issuance", "federation", "record", "sinks", "command")
EVERYTHING = ("surety/", "attestors/", "agent/", "workload_api/")
OURS = [
    ("include/surety/", ()),
    ("attestors/", ("surety/",)),
    ("workload_api/", ("surety/",)),
    # Judges the daemon, so it shares no code with it.
    ("conformance/", ()),
    ("agent/walk/", ("surety/",)),
    ("agent/watch/", ("surety/",)),
    ("agent/metrics/", ("surety/",)),
    ("agent/policy/cedar_policies", ("surety/", "agent/identity/", "agent/policy/")),
    # Looks at every part of an installation.
    ("agent/doctor/", EVERYTHING),
    # Where the concrete classes are named and put together.
    ("agent/daemon", EVERYTHING),
    ("agent/main", EVERYTHING),
    (
        "agent/check",
        ("surety/", "agent/identity/", "agent/policy/", "agent/federation/", "agent/sinks/"),
    ),
    ("agent/command/surety_main.cc", EVERYTHING),
    *[
        (f"agent/{name}/", ("surety/", *(f"agent/{left}/" for left in AGENT_ORDER[:i])))
        for i, name in enumerate(AGENT_ORDER)
    ],
    # What an operator can set of sinks is a value that both have.
    ("agent/config", ("surety/", "agent/identity/", "agent/sinks/sink_settings.h")),
    ("agent/", ("surety/", "agent/identity/")),
]
# The border to Rust has one user, whatever the rows above let through.
RUST_BORDER = ("agent/policy/cedar/", "agent/policy/cedar_policies")
# `surety attest` looks at processes by itself.
EXTRA_OURS = {"agent/command/": ("attestors/",)}

# Library -> how its headers begin, and the files (by prefix) that may include them.
LIBRARIES = {
    "gRPC": (
        r"grpc/|grpcpp/|google/protobuf/|.*\.pb\.h$",
        ("workload_api/", "attestors/cri", "conformance/"),
    ),
    "OpenSSL": (
        r"openssl/",
        (
            "agent/federation/endpoint_request",
            "agent/https/tls_context",
            "agent/issuance/",
            "agent/policy/set_revision",
            "agent/record/audit_hash",
            "agent/record/checkpoint_key",
            "attestors/sha256_file",
            "conformance/",
        ),
    ),
    "Boost": (
        r"boost/",
        (
            "agent/config",
            "agent/flags",
            "agent/command/flags",
            "agent/https/https_server",
            "agent/metrics/http_server",
        ),
    ),
    "Prometheus": (r"prometheus/", ("agent/metrics/",)),
    "toml++": (r"toml\+\+/|toml\.hpp", ("agent/config", "agent/identity/", "agent/policy/")),
    "nlohmann-json": (
        r"nlohmann/",
        (
            "agent/command/",
            "agent/federation/",
            "agent/issuance/",
            "agent/policy/",
            "agent/record/",
            "agent/logging",
            "attestors/engine_answer",
            "conformance/",
        ),
    ),
    "libcurl": (r"curl/", ("agent/federation/endpoint_request", "attestors/engine_request")),
    "SQLite": (r"sqlite3\.h$", ("agent/record/",)),
    "libsystemd": (
        r"systemd/",
        ("agent/journal_sink", "agent/passed_sockets", "agent/service_manager", "attestors/systemd_bus"),
    ),
    "spdlog": (r"spdlog/", ("attestors/", "agent/", "workload_api/")),
}
# include/surety and the walk name no library at all.
NO_LIBRARY = ("include/surety/", "agent/walk/")

SYSTEM = re.compile(r"^([a-z0-9_]+(\.h)?|(sys|linux|asm|net|netinet|arpa)/[a-z0-9_/]+\.h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
OUR_HEADER = re.compile(r"^(surety|attestors|agent|workload_api|conformance)/")


def broken_rule(file: str, header: str, quoted: bool) -> str | None:
    """Why `file` may not include `header`, both relative to the root; None if it may."""
    generated = header.endswith(".pb.h") and not header.startswith("google/")
    if quoted != bool(OUR_HEADER.match(header) or generated):
        return "our own headers stand in quotes and by their path from the root, all others in <>"
    for library, (pattern, places) in LIBRARIES.items():
        if re.match(pattern, header):
            if file.startswith(NO_LIBRARY) or not file.startswith(places):
                return f"{library} belongs to {', '.join(places)}"
    if OUR_HEADER.match(header):
        return broken_direction(file, header)
    if any(re.match(pattern, header) for pattern, _ in LIBRARIES.values()) or SYSTEM.match(header):
        return None
    return "neither a system header nor of a library that LIBRARIES lists"


def broken_direction(file: str, header: str) -> str | None:
    folder = file.rpartition("/")[0] + "/"
    own = "surety/" if folder == "include/surety/" else folder
    if header.startswith(own) and "/" not in header[len(own):]:
        return None
    border, user = RUST_BORDER
    if header.startswith(border) and not file.startswith(user):
        return f"{border} belongs to {user}"
    for prefix, allowed in OURS:
        if file.startswith(prefix):
            allowed += EXTRA_OURS.get(prefix, ())
            if header.startswith(allowed):
                return None
            return f"{prefix} may include only {', '.join(allowed) or 'itself'}"
    return "no rule for this folder: add one to tests/layering/check_includes.py"


def check(root: Path) -> list[str]:
    problems = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            file = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if match and (rule := broken_rule(file, match[2], match[1] == '"')):
                    problems.append(f"{file}:{number}: includes {match[2]}: {rule}")
    return problems


SELF_TEST = [  # file, header, whether that is allowed
    ("include/surety/a.h", "surety/result.h", True),
    ("include/surety/a.h", "sys/types.h", True),
    ("include/surety/a.h", "string", True),
    ("include/surety/a.h", "attestors/unix.h", False),
    ("include/surety/a.h", "spdlog/spdlog.h", False),
    ("include/surety/a.h", "openssl/evp.h", False),
    ("attestors/unix.cc", "surety/attestor.h", True),
    ("attestors/unix.cc", "attestors/unix.h", True),
    ("attestors/unix.cc", "agent/issuance/authority.h", False),
    ("attestors/unix.cc", "grpcpp/grpcpp.h", False),
    ("attestors/unix.cc", "openssl/evp.h", False),
    ("attestors/sha256_file.cc", "openssl/evp.h", True),
    ("attestors/systemd_bus.cc", "systemd/sd-bus.h", True),
    ("attestors/systemd_attestor.cc", "systemd/sd-bus.h", False),
    ("agent/service_manager.cc", "systemd/sd-daemon.h", True),
    ("agent/daemon.cc", "systemd/sd-daemon.h", False),
    ("agent/walk/svid_stream.cc", "surety/svid_stream.h", True),
    ("agent/walk/svid_stream.cc", "agent/walk/turn_retry.h", True),
    ("agent/walk/svid_stream.cc", "agent/identity/entry_file.h", False),
    ("agent/walk/svid_stream.cc", "spdlog/spdlog.h", False),
    ("agent/policy/facts.cc", "agent/identity/match.h", True),
    ("agent/policy/facts.cc", "attestors/printable.h", False),
    ("agent/policy/facts.cc", "agent/policy/cedar/surety_cedar.h", False),
    ("agent/policy/facts.cc", "openssl/evp.h", False),
    ("agent/policy/cedar_policies.cc", "agent/policy/cedar/surety_cedar.h", True),
    ("agent/identity/match.cc", "agent/policy/facts.h", False),
    ("agent/identity/match.cc", "workload_api/listener.h", False),
    ("agent/identity/match.cc", "toml++/toml.h", True),
    ("agent/issuance/authority.cc", "openssl/x509.h", True),
    ("agent/issuance/authority.cc", "boost/program_options.hpp", False),
    ("agent/record/log.cc", "agent/watch/clock.h", False),
    ("agent/record/audit_hash.cc", "openssl/evp.h", True),
    ("agent/record/audit_file.cc", "openssl/evp.h", False),
    ("agent/command/surety_main.cc", "workload_api/client/grpc_workload_client.h", True),
    ("agent/command/fetch.cc", "workload_api/client/grpc_workload_client.h", False),
    ("agent/command/attest.cc", "attestors/printable.h", True),
    ("agent/command/fetch.cc", "agent/watch/system_clock.h", False),
    ("agent/command/policy_show.cc", "agent/policy/policy_set.h", True),
    ("agent/command/policy_show.cc", "agent/policy/cedar/surety_cedar.h", False),
    ("agent/command/policy_show.cc", "toml++/toml.h", False),
    ("agent/policy/policy_set.cc", "agent/command/flags.h", False),
    ("agent/record/log.cc", "agent/policy/cedar/surety_cedar.h", False),
    ("agent/watch/turn_scheduler.cc", "agent/record/log.h", False),
    ("agent/config.cc", "agent/identity/toml_reader.h", True),
    ("agent/config.cc", "agent/issuance/authority.h", False),
    ("agent/config.cc", "agent/policy/policy_source.h", False),
    ("agent/check.cc", "agent/policy/policy_source.h", True),
    ("agent/check.cc", "agent/issuance/authority.h", False),
    ("agent/daemon.cc", "agent/issuance/authority.h", True),
    ("agent/metrics/exposition.cc", "prometheus/text_serializer.h", True),
    ("agent/metrics/exposition.cc", "agent/record/audit_file.h", False),
    ("agent/metrics/exposition.cc", "boost/beast/http.hpp", False),
    ("agent/metrics/http_server.cc", "boost/beast/http.hpp", True),
    ("agent/daemon.cc", "prometheus/registry.h", False),
    ("agent/doctor/examine.cc", "agent/config.h", True),
    ("agent/command/status.cc", "agent/doctor/examine.h", False),
    ("agent/command/fetch.cc", "grpcpp/create_channel.h", False),
    ("agent/command/fetch.cc", "workload.pb.h", False),
    ("agent/command/fetch.cc", "workload_api/listener.h", False),
    ("agent/config.cc", "boost/program_options.hpp", True),
    ("agent/config.cc", "openssl/evp.h", False),
    ("agent/main.cc", "workload_api/listener.h", True),
    ("workload_api/listener.cc", "grpcpp/server_posix.h", True),
    ("workload_api/client/grpc_admin_client.cc", "admin.grpc.pb.h", True),
    ("workload_api/listener.cc", "agent/watch/turn_scheduler.h", False),
    ("workload_api/listener.cc", "openssl/evp.h", False),
    ("workload_api/listener.cc", "fmt/core.h", False),
    ("conformance/certificate.cc", "conformance/certificate.h", True),
    ("conformance/certificate.cc", "openssl/x509.h", True),
    ("conformance/certificate.cc", "surety/result.h", False),
    ("conformance/certificate.cc", "agent/issuance/jwt.h", False),
    ("agent/issuance/jwt.cc", "conformance/token.h", False),
]


def self_test() -> list[str]:
    problems = []
    for header, quoted in (("listener.h", True), ("surety/result.h", False), ("string", True)):
        if not broken_rule("workload_api/listener.cc", header, quoted):
            problems.append(f"{header} passes although {quoted=}")
    for file, header, allowed in SELF_TEST:
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, file)
            path.parent.mkdir(parents=True)
            ours = OUR_HEADER.match(header) or header.endswith(".pb.h")
            name = f'"{header}"' if ours else f"<{header}>"
            path.write_text(f"// A file.\n#include {name}\n")
            found = check(Path(root))
            if bool(found) == allowed:
                problems.append(f"{file} includes {header}: expected {allowed=}, found {found}")
            if found and not found[0].startswith(f"{file}:2: "):
                problems.append(f"the place is wrong: {found[0]}")
    return problems


def main(args: list[str]) -> int:
    if args == ["--self-test"]:
        problems = self_test()
    else:
        problems = check(Path(args[0]) if args else Path(__file__).resolve().parents[2])
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
