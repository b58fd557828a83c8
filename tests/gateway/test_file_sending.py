"""Large objects of the embedded PFS, which the system sends by itself."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.in_process import InProcess, serving
from tests.raw_http import Connection
from tests.servers import GatewayProcess

SIZE = 24 * 1024 * 1024
CONTENT = os.urandom(SIZE)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    options = ("--write-idle-seconds", "0.5", "--log-level", "debug")
    with GatewayProcess(tmp_path_factory.mktemp("large") / "pfs", *options) as gateway:
        with Connection(gateway) as connection:
            assert connection.request("PUT", "/master.r").status == 200
            assert connection.request("PUT", "/master.r/big", CONTENT).status == 200
            assert connection.request("PUT", "/master.r/small", b"small").status == 200
        yield gateway


def descriptors(gateway: GatewayProcess) -> int:
    return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


def failures(gateway: GatewayProcess) -> list[str]:
    return [line for line in gateway.log if "Traceback" in line or "ERROR" in line]


@pytest.mark.parametrize(
    ("asked", "offset", "size"),
    [
        (None, 0, SIZE),
        ("bytes=0-", 0, SIZE),
        (f"bytes=1-{SIZE - 2}", 1, SIZE - 2),
        ("bytes=-9000000", SIZE - 9_000_000, 9_000_000),
        ("bytes=123-123", 123, 1),
    ],
)
def test_bytes_arrive_as_they_are(
    large: GatewayProcess, asked: str | None, offset: int, size: int
) -> None:
    headers = {} if asked is None else {"Range": asked}
    with Connection(large) as connection:
        for _ in range(2):  # the connection goes on
            answer = connection.request("GET", "/master.r/big", headers=headers)
            assert answer.status == (200 if asked is None else 206)
            assert answer.body == CONTENT[offset : offset + size]
    assert not failures(large)


def test_answers_come_in_the_order_of_requests(large: GatewayProcess) -> None:
    with Connection(large) as connection:
        for name in ("big", "small", "big", "small"):
            connection.send(connection.head("GET", f"/master.r/{name}"))
        got = [connection.read().body for _ in range(4)]
    assert got == [CONTENT, b"small", CONTENT, b"small"]


def test_a_client_that_reads_slowly_gets_everything(large: GatewayProcess) -> None:
    with Connection(large) as connection:
        connection.send(connection.head("GET", "/master.r/big"))
        received = bytearray()
        while len(received) < SIZE + received[:2000].find(b"\r\n\r\n") + 4:
            received += connection.socket.recv(256 * 1024)
            time.sleep(0.005)
    assert received.partition(b"\r\n\r\n")[2] == CONTENT


def test_a_client_that_reads_nothing_is_let_go(large: GatewayProcess) -> None:
    with Connection(large) as connection:
        connection.request("GET", "/master.r/small")
        before = descriptors(large)
        connection.send(connection.head("GET", "/master.r/big"))
        end = time.monotonic() + 20
        while descriptors(large) >= before and time.monotonic() < end:
            time.sleep(0.05)
        assert descriptors(large) < before
    assert not failures(large)


def test_clients_that_go_away_leave_nothing_open(large: GatewayProcess) -> None:
    before = descriptors(large)
    for _ in range(40):
        with Connection(large) as connection:
            connection.send(connection.head("GET", "/master.r/big"))
            connection.socket.recv(1000)
    end = time.monotonic() + 20
    while descriptors(large) > before and time.monotonic() < end:
        time.sleep(0.05)
    assert descriptors(large) <= before
    assert not failures(large)


@contextlib.contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[list[int]]:
    """How many bytes each call of a function of the system has moved, in this process."""
    moved: list[int] = []
    function = getattr(os, name.rpartition(".")[2])

    def counting(*arguments: Any) -> int:
        moved.append(function(*arguments))
        return moved[-1]

    with monkeypatch.context() as patch:
        patch.setattr(name, counting)
        yield moved


@pytest.mark.parametrize("range_", [None, "bytes=1000000-9999999"])
async def test_the_system_sends_every_byte_of_a_large_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, range_: str | None
) -> None:
    with counted(monkeypatch, "gateway.http.socket_writer.os.sendfile") as sent:
        async with serving(tmp_path / "pfs", monkeypatch) as gateway:
            await gateway.request("PUT", "/master.r")
            await gateway.request("PUT", "/master.r/big", CONTENT)
            headers = {} if range_ is None else {"Range": range_}
            answer = await gateway.request("GET", "/master.r/big", headers=headers)
    body = answer.partition(b"\r\n\r\n")[2]
    assert body == (CONTENT if range_ is None else CONTENT[1_000_000:10_000_000])
    assert sum(sent) == len(body)


PARTS = (
    CONTENT[: 6 << 20],
    CONTENT[6 << 20 : 11 << 20],
    b"the last part, which is in the database",
)


async def sent_in_parts(gateway: InProcess, key: str) -> tuple[str, bytes]:
    """Send all parts, and return the target and the body of what completes the upload."""
    begun = await gateway.request("POST", f"{key}?uploads")
    upload = re.findall(rb"<UploadId>([^<]+)", begun)[0].decode()
    listed = ""
    for number, part in enumerate(PARTS, start=1):
        answer = await gateway.request("PUT", f"{key}?partNumber={number}&uploadId={upload}", part)
        etag = re.findall(rb"(?i)etag: ([^\r]+)", answer)[0].decode()
        listed += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
    return f"{key}?uploadId={upload}", document.encode()


@pytest.mark.parametrize("bounds", [None, (1_000_000, 6 << 20), (5 << 20, (11 << 20) + 9)])
async def test_the_system_sends_each_part_of_an_object_from_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bounds: tuple[int, int] | None
) -> None:
    whole = b"".join(PARTS)
    begin, end = bounds or (0, len(whole))
    async with serving(tmp_path / "pfs", monkeypatch, layers=("multipart",)) as gateway:
        await gateway.request("PUT", "/master.r")
        target, document = await sent_in_parts(gateway, "/master.r/big")
        with counted(monkeypatch, "embedded_pfs.blobs.os.write") as written:
            assert b"<ETag>" in await gateway.request("POST", target, document)
        assert sum(written) == 0  # completing copies nothing
        with counted(monkeypatch, "gateway.http.socket_writer.os.sendfile") as sent:
            headers = {} if bounds is None else {"Range": f"bytes={begin}-{end - 1}"}
            answer = await gateway.request("GET", "/master.r/big", headers=headers)
    assert answer.partition(b"\r\n\r\n")[2] == whole[begin:end]
    assert sum(sent) == min(end, 11 << 20) - begin  # all but what is in the database
