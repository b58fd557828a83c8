"""What a signature is made over: the parts of a request, written in the one way both sides know.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html has the rules for
version 4. All is computed from the bytes as they came: what a proxy, a router or a rewriting of
hosts makes of them later is not what the client has signed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

_ESCAPE_OR_BYTE = re.compile(rb"%[0-9A-Fa-f]{2}|[^A-Za-z0-9_.~/-]")
_UNRESERVED = re.compile(rb"[A-Za-z0-9_.~-]")
_NOTHING_TO_ESCAPE = re.compile(rb"[A-Za-z0-9_.~-]*")
_SHORT_BYTES = 200
"""Parameters up to this size are remembered: most come again and again."""
_SHORT_QUERY_BYTES = 2048
"""So are whole queries: who reads an object by its ranges sends one presigned URL many times."""


Pairs: TypeAlias = tuple[tuple[str, str], ...]
_Escaped: TypeAlias = tuple[str, str, str]
"""Name and value as AWS escapes them, and both as they are signed."""


@dataclass(frozen=True, slots=True)
class _Parameters:
    """A query: decoded, in the order in which it came, and as AWS escapes and sorts it."""

    decoded: Pairs
    escaped: tuple[_Escaped, ...]


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

    def header_values(self) -> dict[bytes, bytes]:
        """Values by name; those of a repeated header are joined by commas."""
        values = dict(self.headers)
        if len(values) < len(self.headers):
            values = {}
            for name, value in self.headers:
                values[name] = values[name] + b"," + value if name in values else value
        return values

    def plain_query(self) -> dict[str, str] | None:
        """The parameters, decoded; None where they could be read otherwise: not ASCII, or twice."""
        pairs = self.query_pairs()
        query = dict(pairs)
        if len(query) < len(pairs) or not "".join([*query, *query.values()]).isascii():
            return None
        return query

    def query_pairs(self) -> Pairs:
        """Query parameters, decoded, in the order in which they came."""
        return _parameters(self.query_string).decoded


def paths(raw_path: bytes) -> Iterator[str]:
    """The path as it came, and then, where that is another, as AWS escapes it.

    A client may send more or fewer escapes than it signs. Both name the same object: an escaped
    slash stays one, and nothing is decoded twice.
    """
    as_it_came = raw_path.decode("latin-1")
    yield as_it_came
    as_aws_has_it = _ESCAPE_OR_BYTE.sub(_escaped, raw_path).decode("ascii")
    if as_aws_has_it != as_it_came:
        yield as_aws_has_it


def query(query_string: bytes, *, without: str = "") -> str:
    """All parameters but one, escaped and sorted. `+` is a space, as it is for S3."""
    if not query_string:
        return ""
    escaped = _parameters(query_string).escaped
    return "&".join([text for name, _, text in escaped if name != without])


def header_lines(values: Mapping[bytes, bytes], names: Collection[bytes]) -> str:
    """A line for each of these headers: white space within a value becomes one space."""
    lines = b"".join([b"%s:%s\n" % (name, values.get(name, b"")) for name in names])
    if b"  " in lines or b"\t" in lines:
        spaced = [b"%s:%s\n" % (name, single_spaced(values.get(name, b""))) for name in names]
        lines = b"".join(spaced)
    return lines.decode("latin-1")


def single_spaced(value: bytes) -> bytes:
    """A header's value with single spaces; most have no others."""
    return b" ".join(value.split()) if b"  " in value or b"\t" in value else value


def unsigned_names(values: Mapping[bytes, bytes], signed: Set[bytes]) -> list[bytes]:
    """The headers that a signature has to cover, and does not.

    S3 obeys `x-amz-` headers, so that somebody else could add one to a request
    (`docs/negative-cases.md`, row 19). The payload's digest is signed by itself.
    """
    missing = [
        name
        for name in values.keys() - signed
        if name.startswith(b"x-amz-") and name != b"x-amz-content-sha256"
    ]
    return sorted(missing) if b"host" in signed else [b"host", *sorted(missing)]


def _parameters(query_string: bytes) -> _Parameters:
    return (_short_parsed if len(query_string) < _SHORT_QUERY_BYTES else _parsed)(query_string)


def _parsed(query_string: bytes) -> _Parameters:
    decoded, escaped = [], []
    for item in query_string.split(b"&"):
        if item:
            pair, signed = (_short_forms if len(item) < _SHORT_BYTES else _forms)(item)
            decoded.append(pair)
            escaped.append(signed)
    return _Parameters(tuple(decoded), tuple(sorted(escaped)))


def _forms(item: bytes) -> tuple[tuple[str, str], _Escaped]:
    """A parameter decoded, and as AWS escapes it."""
    name, _, value = item.partition(b"=")
    name_text, name_escaped = _both_forms(name)
    value_text, value_escaped = _both_forms(value)
    signed = f"{name_escaped}={value_escaped}"
    return (name_text, value_text), (name_escaped, value_escaped, signed)


def _both_forms(part: bytes) -> tuple[str, str]:
    if _NOTHING_TO_ESCAPE.fullmatch(part):
        text = part.decode("ascii")
        return text, text
    plain = unquote_to_bytes(part.replace(b"+", b" "))
    return plain.decode("utf-8", "replace"), quote(plain, safe="")


_short_forms = lru_cache(maxsize=4096)(_forms)
_short_parsed = lru_cache(maxsize=256)(_parsed)


def _escaped(match: re.Match[bytes]) -> bytes:
    found = match[0]
    byte = unquote_to_bytes(found)
    return byte if _UNRESERVED.fullmatch(byte) else b"%%%02X" % byte[0]
