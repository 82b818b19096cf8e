"""gRPC over a Unix socket, by hand: what an attacker or a broken client can send
must not depend on what a library agrees to send, and a forked child can speak it
at once. One thread, blocking, with a deadline on every wait."""

from __future__ import annotations

import socket
import struct
import time
import urllib.parse
from dataclasses import dataclass, field

from . import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
MAX_WINDOW = (1 << 31) - 1
MAX_FRAME = 16384
SPIFFE_HEADER = ("workload.spiffe.io", "true")

OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT = 0, 1, 2, 3
PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE = 7, 8, 12, 14


class Timeout(Exception):
    """The deadline passed without an answer."""


class Ended(Exception):
    """The stream ended with a gRPC status."""

    def __init__(self, code: int, message: str):
        super().__init__(code, message)
        self.code, self.message = code, message


class Closed(Exception):
    """The connection or the stream ended without a gRPC status."""


@dataclass
class Stream:
    data: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)
    reset: int | None = None
    over: bool = False


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class Connection:
    """One HTTP/2 connection. `window` is what the server may send on a stream
    before it must wait; 0 makes a client that does not read."""

    def __init__(self, where: str | socket.socket, window: int = MAX_WINDOW):
        if isinstance(where, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(where)
        else:
            self.socket = where
        self._streams: dict[int, Stream] = {}
        self._next = 1
        self._unread = b""
        settings = struct.pack(">HIHI", 1, 0, 4, window)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings) +
                            frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", MAX_WINDOW - 65535)))

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, message: bytes = b"",
             extra: list[tuple[str, str]] | None = None) -> int:
        """Sends a request and gives the stream's number. `extra` stands in place
        of the header that every Workload API call must carry."""
        number, self._next = self._next, self._next + 2
        self._streams[number] = Stream()
        fields = [(":method", "POST"), (":scheme", "http"), (":path", method),
                  (":authority", "localhost"), ("te", "trailers"),
                  ("content-type", "application/grpc"),
                  *([SPIFFE_HEADER] if extra is None else extra)]
        body = b"\0" + struct.pack(">I", len(message)) + message
        parts = [body[i:i + MAX_FRAME] for i in range(0, len(body), MAX_FRAME)]
        self.socket.sendall(self._header_frames(number, hpack.encode(fields)) + b"".join(
            frame(DATA, END_STREAM if i == len(parts) - 1 else 0, number, part)
            for i, part in enumerate(parts)))
        return number

    @staticmethod
    def _header_frames(number: int, block: bytes) -> bytes:
        parts = [block[i:i + MAX_FRAME] for i in range(0, len(block), MAX_FRAME)]
        out = b""
        for i, part in enumerate(parts):
            last = END_HEADERS if i == len(parts) - 1 else 0
            out += frame(CONTINUATION if i else HEADERS, last, number, part)
        return out

    def fetch(self, message_name: str = "FetchX509SVID") -> int:
        return self.call(f"/SpiffeWorkloadAPI/{message_name}")

    def message(self, number: int, timeout: float = 10) -> bytes:
        """The next message of a stream. Raises Ended, Closed or Timeout."""
        deadline = time.monotonic() + timeout
        stream = self._streams[number]
        while True:
            if len(stream.data) >= 5:
                size = struct.unpack(">I", stream.data[1:5])[0]
                if len(stream.data) >= 5 + size:
                    message = stream.data[5:5 + size]
                    stream.data = stream.data[5 + size:]
                    return message
            self._raise_if_over(stream)
            self._read_frame(deadline)

    def status(self, number: int, timeout: float = 10) -> tuple[int, str]:
        """Reads to the end of a stream and gives its status."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.message(number, deadline - time.monotonic())
            except Ended as end:
                return end.code, end.message

    def cancel(self, number: int) -> None:
        self.socket.sendall(frame(RST_STREAM, 0, number, struct.pack(">I", 8)))

    @staticmethod
    def _raise_if_over(stream: Stream) -> None:
        if not stream.over:
            return
        if "grpc-status" in stream.fields:
            raise Ended(int(stream.fields["grpc-status"]),
                        urllib.parse.unquote(stream.fields.get("grpc-message", "")))
        raise Closed(f"no gRPC status; reset {stream.reset}, headers {stream.fields}")

    def _read_frame(self, deadline: float) -> None:
        head = self._read(9, deadline)
        size = struct.unpack(">I", b"\0" + head[:3])[0]
        kind, flags, number = struct.unpack(">BBI", head[3:])
        payload = self._read(size, deadline)
        stream = self._streams.get(number, Stream())
        if kind == DATA:
            stream.data += payload
        elif kind == HEADERS:
            while not flags & END_HEADERS:
                more = self._read(9, deadline)
                flags |= more[4] & END_HEADERS
                payload += self._read(struct.unpack(">I", b"\0" + more[:3])[0], deadline)
            stream.fields.update(self._fields_of(payload))
        elif kind == RST_STREAM:
            stream.reset, stream.over = struct.unpack(">I", payload)[0], True
        elif kind in (SETTINGS, PING) and not flags & ACK:
            self.socket.sendall(frame(kind, ACK, 0, payload if kind == PING else b""))
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            stream.over = True

    @staticmethod
    def _fields_of(block: bytes) -> dict[str, str]:
        return dict(hpack.Decoder(block).fields())

    def _read(self, size: int, deadline: float) -> bytes:
        while len(self._unread) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout("no answer in time")
            self.socket.settimeout(left)
            try:
                got = self.socket.recv(65536)
            except TimeoutError:
                raise Timeout("no answer in time") from None
            except ConnectionError as error:
                raise Closed(str(error)) from None
            if not got:
                raise Closed("the server closed the connection")
            self._unread += got
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken
