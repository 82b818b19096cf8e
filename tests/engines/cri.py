"""The part of the Container Runtime Interface, version 1, that starts pods and
containers, as kubelet calls it; without generated code."""

from __future__ import annotations

from harness import api, grpc_raw

NODE, POD, CONTAINER = 2, 0, 1  # NamespaceMode


def number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def text(field: int, value: str | bytes) -> bytes:
    """A string, or a message that is encoded already."""
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def labels_of(field: int, labels: dict[str, str]) -> bytes:
    return b"".join(text(field, text(1, key) + text(2, value)) for key, value in labels.items())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


class Connection(grpc_raw.Connection):
    """To a server in Go, whose headers are compressed: what fails ends as grpc_raw.Closed,
    and the runtime's log tells why."""

    @staticmethod
    def _fields_of(block: bytes) -> dict[str, str]:
        return {}


class Runtime:
    """One connection to a runtime."""

    def __init__(self, socket: str):
        self._connection = Connection(socket)

    def close(self) -> None:
        self._connection.close()

    def call(self, method: str, message: bytes = b"") -> bytes:
        stream = self._connection.call(f"/runtime.v1.RuntimeService/{method}", message, extra=[])
        return self._connection.message(stream, 30)

    def run_pod(self, config: bytes) -> str:
        return self._id(self.call("RunPodSandbox", text(1, config)))

    def run_container(self, pod: str, config: bytes, pod_config: bytes) -> str:
        made = self._id(self.call("CreateContainer", text(1, pod) + text(2, config) +
                                  text(3, pod_config)))
        self.call("StartContainer", text(1, made))
        return made

    def remove_pod(self, pod: str) -> None:
        self.call("StopPodSandbox", text(1, pod))
        self.call("RemovePodSandbox", text(1, pod))

    @staticmethod
    def _id(answer: bytes) -> str:
        return dict(api.fields(answer))[1].decode()


def pod_config(name: str, uid: str, namespace: str, labels: dict[str, str]) -> bytes:
    """Of the host's network, in the cgroup that kubelet would give it."""
    context = text(1, _namespaces())
    linux = text(1, f"/kubepods/besteffort/pod{uid}") + text(2, context)
    return (text(1, text(1, name) + text(2, uid) + text(3, namespace)) + labels_of(6, labels) +
            text(8, linux))


def container_config(name: str, image: str, command: list[str], uid: int,
                     mounts: dict[str, str], labels: dict[str, str]) -> bytes:
    """`mounts` has paths of the host by those inside."""
    user = number(1, uid)
    context = text(3, _namespaces()) + text(5, user) + text(12, user)
    return (text(1, text(1, name)) + text(2, text(1, image)) +
            b"".join(text(3, word) for word in command) +
            b"".join(text(7, text(1, inside) + text(2, path)) for inside, path in mounts.items()) +
            labels_of(9, labels) + text(15, text(2, context)))


def _namespaces() -> bytes:
    return number(1, NODE) + number(2, CONTAINER) + number(3, NODE)
