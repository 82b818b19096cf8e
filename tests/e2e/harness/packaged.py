"""How the packaged unit runs suretyd, read from that unit: what an installed daemon may
not do, no daemon of a test may."""

from __future__ import annotations

from pathlib import Path

UNIT = Path(__file__).parents[3] / "systemd/suretyd.service"
USER = 12050  # No account of a Debian system; the package makes one called surety.


def command(uid: int) -> list[str]:
    """What stands before the command line, for what `uid` runs as the unit would."""
    given = _settings("AmbientCapabilities", "CapabilityBoundingSet", "NoNewPrivileges")
    if given.pop("NoNewPrivileges") != "yes":
        raise RuntimeError(f"{UNIT} does not say NoNewPrivileges=yes")
    ambient, bounding = (_for_setpriv(names) for names in given.values())
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs",
            f"--inh-caps={ambient}", f"--ambient-caps={ambient}", f"--bounding-set={bounding}"]


def _settings(*keys: str) -> dict[str, str]:
    lines = [line.partition("=") for line in UNIT.read_text().splitlines()]
    found = {key: [value for name, _, value in lines if name == key] for key in keys}
    for key, values in found.items():
        if len(values) != 1:
            raise RuntimeError(f"{UNIT} should say {key}= once")
    return {key: values[0] for key, values in found.items()}


def _for_setpriv(names: str) -> str:
    """CAP_SYS_PTRACE CAP_… as setpriv(1) wants them."""
    return ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in names.split())])
