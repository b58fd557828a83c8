"""An object that comes in parts, beside the same bytes in one PUT.

On the embedded PFS, and through gRPC on one as slow as pachd.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.load import median
from bench.servers import SlowPfsProcess
from bench.tables import ratio, show
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
AT_ONCE = 4
ROUNDS = 5
TARGET = "/master.parts/object"
_PIECE = hashlib.shake_256(b"parts").digest(PART_BYTES - 8)


def measure(size_mib: int) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        with GatewayProcess(Path(folder) / "pfs", synchronous="full", layers=("multipart",)) as one:
            _show("embedded", one, size_mib * MIB // PART_BYTES)
        with _slow(Path(folder) / "slow") as one:
            _show("pachd's latencies", one, size_mib * MIB // PART_BYTES)


@contextlib.contextmanager
def _slow(folder: Path) -> Iterator[GatewayProcess]:
    with (
        SlowPfsProcess(folder) as pfs,
        GatewayProcess(pfs.address, layers=("multipart",)) as gateway,
    ):
        yield gateway


def _show(where: str, gateway: GatewayProcess, parts: int) -> None:
    _checked(send(gateway, "PUT", "/master.parts"))
    put: list[float] = []
    taken: list[tuple[float, float]] = []
    _by_parts(gateway, parts)  # warm
    for _ in range(ROUNDS):
        put.append(_by_put(gateway, parts))
        taken.append(_by_parts(gateway, parts))
    whole, sent = median(map(sum, taken)), median(parts for parts, _ in taken)
    completed = median(completing for _, completing in taken)
    size_mib = parts * PART_BYTES / MIB
    show(
        f"{size_mib:.0f} MiB in parts of {PART_BYTES // MIB} MiB, {AT_ONCE} at once, {where}",
        ["one PUT, MiB/s", "in parts, MiB/s", "the parts alone", "completing", "parts : PUT"],
        [
            [
                f"{size_mib / median(put):,.0f}",
                f"{size_mib / whole:,.0f}",
                f"{size_mib / sent:,.0f}",
                f"{completed * 1000:,.0f} ms",
                ratio(median(put), whole),
            ]
        ],
    )


def _by_put(gateway: GatewayProcess, parts: int) -> float:
    begun = time.perf_counter()
    with Connection(gateway) as connection:
        headers = {"Content-Length": str(parts * PART_BYTES)}
        connection.send(connection.head("PUT", TARGET, None, headers))
        for number in range(parts):
            _send_part(connection, number)
        connection.socket.settimeout(600)
        _checked(connection.read())
    return time.perf_counter() - begun


def _by_parts(gateway: GatewayProcess, parts: int) -> tuple[float, float]:
    """How long it took until all parts had come, and then until they were one object."""
    begun = time.perf_counter()
    upload_id = _checked(send(gateway, "POST", f"{TARGET}?uploads", b"")).texts("UploadId")[0]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        shares = threads.map(
            lambda first: _share(gateway, upload_id, range(first, parts, AT_ONCE)), range(AT_ONCE)
        )
        etags = {number: etag for share in shares for number, etag in share}
    sent = time.perf_counter()
    listed = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in sorted(etags.items())
    )
    document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    _complete(gateway, upload_id, document)
    return sent - begun, time.perf_counter() - sent


def _complete(gateway: GatewayProcess, upload_id: str, document: bytes) -> None:
    """Its answer may begin before the object is there, and then comes in chunks."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=600)
    with contextlib.closing(connection):
        connection.request("POST", f"{TARGET}?uploadId={upload_id}", document)
        answer = connection.getresponse().read()
    if b"<ETag>" not in answer:
        raise ValueError(answer)


def _share(gateway: GatewayProcess, upload_id: str, numbers: range) -> list[tuple[int, str]]:
    """Send some parts, one after the other on one connection, as SDKs do."""
    etags = []
    with Connection(gateway) as connection:
        connection.socket.settimeout(600)
        for number in numbers:
            target = f"{TARGET}?uploadId={upload_id}&partNumber={number + 1}"
            headers = {"Content-Length": str(PART_BYTES)}
            connection.send(connection.head("PUT", target, None, headers))
            _send_part(connection, number)
            etags.append((number + 1, _checked(connection.read()).headers["etag"]))
    return etags


def _send_part(connection: Connection, number: int) -> None:
    connection.send(number.to_bytes(8, "big"))
    connection.send(_PIECE)


def _checked(answer: Answer) -> Answer:
    if answer.status != 200:
        raise ValueError(f"{answer.status} {answer.body!r}")
    return answer
