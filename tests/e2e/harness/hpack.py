"""As much of HPACK (RFC 7541) as a client needs that asks for a dynamic table
of size 0 and never compresses: static table, literals, no Huffman code."""

from __future__ import annotations

STATIC_NAMES = """:authority :method :method :path :path :scheme :scheme :status :status :status
:status :status :status :status accept-charset accept-encoding accept-language accept-ranges
accept access-control-allow-origin age allow authorization cache-control content-disposition
content-encoding content-language content-length content-location content-range content-type
cookie date etag expect expires from host if-match if-modified-since if-none-match if-range
if-unmodified-since last-modified link location max-forwards proxy-authenticate
proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security
transfer-encoding user-agent vary via www-authenticate""".split()
STATIC_VALUES = {2: "GET", 3: "POST", 4: "/", 5: "/index.html", 6: "http", 7: "https", 8: "200",
                 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500",
                 16: "gzip, deflate"}


def encode(fields: list[tuple[str, str]]) -> bytes:
    """Literals without indexing, so that the same call is always the same bytes."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def _string(text: str) -> bytes:
    raw = text.encode("latin-1")
    return _integer(len(raw), 7) + raw


def _integer(value: int, prefix: int) -> bytes:
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([value])
    out, value = [limit], value - limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


class Decoder:
    """Reads one header block."""

    def __init__(self, block: bytes):
        self._block = block
        self._at = 0

    def fields(self) -> list[tuple[str, str]]:
        found = []
        while self._at < len(self._block):
            first = self._block[self._at]
            if first & 0x80:
                index = self._read_integer(7)
                found.append((STATIC_NAMES[index - 1], STATIC_VALUES.get(index, "")))
            elif first & 0xE0 == 0x20:
                self._read_integer(5)  # A change of the dynamic table's size: it stays 0.
            else:
                index = self._read_integer(6 if first & 0x40 else 4)
                name = STATIC_NAMES[index - 1] if index else self._read_string()
                found.append((name, self._read_string()))
        return found

    def _read_integer(self, prefix: int) -> int:
        limit = (1 << prefix) - 1
        value = self._block[self._at] & limit
        self._at += 1
        shift = 0
        while value >= limit:
            byte = self._block[self._at]
            self._at += 1
            value += (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return value

    def _read_string(self) -> str:
        if self._block[self._at] & 0x80:
            raise ValueError("a Huffman-coded header, which gRPC C++ does not send")
        length = self._read_integer(7)
        self._at += length
        return self._block[self._at - length:self._at].decode("latin-1")
