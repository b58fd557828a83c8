"""What a signature is made over: the parts of a request, written in the one way both sides know.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html has the rules for
version 4. All is computed from the bytes as they came: what a proxy, a router or a rewriting of
hosts makes of them later is not what the client has signed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

_ESCAPE_OR_BYTE = re.compile(rb"%[0-9A-Fa-f]{2}|[^A-Za-z0-9_.~/-]")
_UNRESERVED = re.compile(rb"[A-Za-z0-9_.~-]")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request's head as it was received.

    `headers` have names in lower case, and values without white space around them.
    `bucket_path` is the path with the bucket in front also where that was named by the Host.
    """

    method: str
    raw_path: bytes
    query_string: bytes
    headers: Sequence[tuple[bytes, bytes]]
    bucket_path: bytes = b""

    def header_values(self) -> dict[str, bytes]:
        """Values by name; those of a repeated header are joined by commas."""
        values: dict[str, bytes] = {}
        for raw_name, value in self.headers:
            name = raw_name.decode("latin-1")
            values[name] = values[name] + b"," + value if name in values else value
        return values

    def query_pairs(self) -> list[tuple[str, str]]:
        """Query parameters, decoded, in the order in which they came."""
        return [(_decoded(name), _decoded(value)) for name, value in _items(self.query_string)]


def paths(raw_path: bytes) -> list[str]:
    """The path as it came, and then, where that is another, as AWS escapes it.

    A client may send more or fewer escapes than it signs. Both name the same object: an escaped
    slash stays one, and nothing is decoded twice.
    """
    as_it_came = raw_path.decode("latin-1")
    as_aws_has_it = _ESCAPE_OR_BYTE.sub(_escaped, raw_path).decode("ascii")
    return [as_it_came] if as_it_came == as_aws_has_it else [as_it_came, as_aws_has_it]


def query(query_string: bytes, *, without: str = "") -> str:
    """All parameters but one, escaped and sorted. `+` is a space, as it is for S3."""
    if not query_string:
        return ""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in _items(query_string))
    return "&".join(f"{name}={value}" for name, value in pairs if name != without)


def header_lines(values: Mapping[str, bytes], names: Iterable[str]) -> str:
    """A line for each of these headers: white space within a value becomes one space."""
    lines = [f"{name}:{single_spaced(values.get(name, b''))}\n" for name in names]
    return "".join(lines)


def single_spaced(value: bytes) -> str:
    """A header's value with single spaces."""
    return b" ".join(value.split()).decode("latin-1")


def unsigned_names(values: Mapping[str, bytes], signed: Collection[str]) -> list[str]:
    """The headers that a signature has to cover, and does not.

    S3 obeys `x-amz-` headers, so that somebody else could add one to a request
    (`docs/negative-cases.md`, row 19). The payload's digest is signed by itself.
    """
    needed = [name for name in values if name.startswith("x-amz-")]
    return [
        name for name in ("host", *needed) if name not in signed and name != "x-amz-content-sha256"
    ]


def _items(query_string: bytes) -> list[tuple[bytes, bytes]]:
    return [item.partition(b"=")[::2] for item in query_string.split(b"&") if item]


def _decoded(part: bytes) -> str:
    return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8", "replace")


def _encoded(part: bytes) -> str:
    return quote(unquote_to_bytes(part.replace(b"+", b" ")), safe="")


def _escaped(match: re.Match[bytes]) -> bytes:
    found = match[0]
    byte = unquote_to_bytes(found)
    return byte if _UNRESERVED.fullmatch(byte) else b"%%%02X" % byte[0]
