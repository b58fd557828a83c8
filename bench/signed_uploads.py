"""A large body that is signed chunk by chunk, beside the same body without signatures."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from bench.load import median
from bench.tables import ratio
from tests.raw_http import Connection
from tests.servers import GatewayProcess

MIB = 1024 * 1024
CHUNKS_BYTES = (64 * 1024, MIB)
ROUNDS = 7

_PIECE = bytes(range(256)) * (MIB // 256)
_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_OF_NOTHING = hashlib.sha256().hexdigest()


def rows(gateway: GatewayProcess, size_mib: int) -> Iterator[list[object]]:
    """What comes of it, in MiB/s; both in turns, and everything signed before it is sent."""
    for chunk_bytes in CHUNKS_BYTES:
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for chunks, taken in zip((0, chunk_bytes), seconds, strict=True):
                taken.append(_upload(gateway, size_mib, chunks))
        plain, signed = (size_mib / median(taken) for taken in seconds)
        yield [
            f"{chunk_bytes // 1024} KiB",
            f"{plain:,.0f}",
            f"{signed:,.0f}",
            ratio(signed, plain),
        ]


def _upload(gateway: GatewayProcess, size_mib: int, chunk_bytes: int) -> float:
    """Send it; gives the seconds. Without chunks only its head is signed."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    sent = {"Host": f"{gateway.host}:{gateway.port}", "x-amz-date": stamp}
    sent["x-amz-content-sha256"] = _SIGNED if chunk_bytes else "UNSIGNED-PAYLOAD"
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    key = b"AWS4anything"
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    if chunk_bytes:
        sent["x-amz-decoded-content-length"] = str(size_mib * MIB)
    seed = _sign_head(key, scope, sent)
    pieces = [_PIECE] * size_mib
    if chunk_bytes:
        pieces = list(_framed(key, f"{stamp}\n{scope}", seed, size_mib, chunk_bytes))
    sent["Content-Length"] = str(sum(map(len, pieces)))
    del sent["Host"]
    begun = time.perf_counter()
    with Connection(gateway) as connection:
        connection.socket.settimeout(600)
        connection.send(connection.head("PUT", "/master.bench/large", None, sent))
        for piece in pieces:
            connection.send(piece)
        answer = connection.read()
    if answer.status != 200:
        raise ValueError(answer.body)
    return time.perf_counter() - begun


def _sign_head(key: bytes, scope: str, sent: dict[str, str]) -> str:
    named = sorted((name.lower(), value) for name, value in sent.items())
    names = ";".join(name for name, _ in named)
    lines = "".join(f"{name}:{value}\n" for name, value in named)
    payload = sent["x-amz-content-sha256"]
    canonical = f"PUT\n/master.bench/large\n\n{lines}\n{names}\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{_ALGORITHM}\n{sent['x-amz-date']}\n{scope}\n{digest}"
    seed = hmac.digest(key, to_sign.encode(), "sha256").hex()
    sent["Authorization"] = (
        f"{_ALGORITHM} Credential=any/{scope}, SignedHeaders={names}, Signature={seed}"
    )
    return seed


def _framed(
    key: bytes, signed_as: str, previous: str, size_mib: int, chunk_bytes: int
) -> Iterator[bytes]:
    """A head, a chunk, a head and so on. The chunks are parts of one piece, again and again."""
    parts = [_PIECE[at : at + chunk_bytes] for at in range(0, MIB, chunk_bytes)]
    digests = [hashlib.sha256(part).hexdigest() for part in parts]
    for part, digest in [*zip(parts, digests, strict=True)] * size_mib + [(b"", _OF_NOTHING)]:
        to_sign = f"{_ALGORITHM}-PAYLOAD\n{signed_as}\n{previous}\n{_OF_NOTHING}\n{digest}"
        previous = hmac.digest(key, to_sign.encode(), "sha256").hex()
        yield b"%x;chunk-signature=%s\r\n" % (len(part), previous.encode())
        yield part
        yield b"\r\n"
