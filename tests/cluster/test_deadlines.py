"""No call waits for ever, and what must not happen twice is not sent twice."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from pfs_client.failures import PfsUnavailable
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import AddFile, Branch, Commit, File, Repo
from pfs_client.whole_pfs import WholePfs
from tests.cluster.conftest import Cluster
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_contract.reading import put
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
LARGE = bytes(1_500_000)
CALL_SECONDS = 2.0

READ_TRIES = 4

READS: dict[str, tuple[str, dict[str, Any]]] = {
    "ListRepo": ("list_buckets", {}),
    "ListBranch": ("list_buckets", {}),
    "InspectBranch": ("head_bucket", {"Bucket": BUCKET}),
    "InspectFile": ("get_object", {"Bucket": BUCKET, "Key": "a"}),
    "GetFile": ("get_object", {"Bucket": BUCKET, "Key": "a"}),
    "WalkFile": ("list_objects_v2", {"Bucket": BUCKET}),
    "ListFile": ("list_objects_v2", {"Bucket": BUCKET, "Delimiter": "/"}),
    "InspectCommit": ("put_object", {"Bucket": BUCKET, "Key": "new", "Body": b"1"}),
    "RenewFileSet": ("put_object", {"Bucket": BUCKET, "Key": "new", "Body": LARGE}),
}

WRITES: dict[str, tuple[str, dict[str, Any]]] = {
    "CreateRepo": ("create_bucket", {"Bucket": "master.new"}),
    "CreateBranch": ("create_bucket", {"Bucket": "new.r"}),
    "DeleteBranch": ("delete_bucket", {"Bucket": "other.r"}),
    "DeleteRepo": ("delete_bucket", {"Bucket": "only.alone"}),
    "ModifyFile": ("put_object", {"Bucket": BUCKET, "Key": "new", "Body": b"1"}),
    "CreateFileSet": ("put_object", {"Bucket": BUCKET, "Key": "new", "Body": LARGE}),
}


@pytest.fixture
def options() -> dict[str, Any]:
    return {"pfs_call_seconds": CALL_SECONDS}


@pytest.fixture
async def filled(cluster: Cluster) -> Cluster:
    """A cluster on which every operation has something to do."""
    await cluster.s3("create_bucket", Bucket="other.r")
    await cluster.s3("create_bucket", Bucket="only.alone")
    await put(cluster.pachd, BRANCH, "/a", b"1")
    cluster.wire.calls.clear()
    return cluster


@pytest.mark.parametrize("options", [{"pfs_call_seconds": 20.0}])
@pytest.mark.parametrize("method", READS)
async def test_a_read_is_tried_again_and_then_given_up(filled: Cluster, method: str) -> None:
    operation, parameters = READS[method]
    filled.wire.faults[method] = Fault(StatusCode.UNAVAILABLE, times=99)
    status, _, is_promised = await filled.refusal(operation, **parameters)
    assert (status, is_promised) == (503, True)
    tried = filled.wire.count()[method]
    repos = 2 if method == "ListBranch" else 1  # both at once, and the first to give up is told
    assert READ_TRIES <= tried <= READ_TRIES * repos


@pytest.mark.parametrize("code", [StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("method", WRITES)
async def test_a_write_is_sent_once(filled: Cluster, method: str, code: StatusCode) -> None:
    """Whether it has happened nobody knows."""
    operation, parameters = WRITES[method]
    filled.wire.faults[method] = Fault(code, after_messages=None, times=99)
    assert await filled.refusal(operation, **parameters) == (503, "ServiceUnavailable", True)
    assert filled.wire.count()[method] == 1


@pytest.mark.parametrize("method", [*READS, *WRITES])
async def test_a_call_that_is_not_answered_ends(filled: Cluster, method: str) -> None:
    operation, parameters = (READS | WRITES)[method]
    gate = filled.wire.hold(method)
    begun = time.monotonic()
    status, _, is_promised = await filled.refusal(operation, **parameters)
    assert (status, is_promised) == (503, True)
    assert time.monotonic() - begun < 2.5 * CALL_SECONDS
    assert 1 <= filled.wire.count()[method] <= 2
    gate.set()
    await filled.settle()


async def test_pachd_is_asked_no_longer_than_the_deadline(pachd_server: Pachd) -> None:
    """A pachd that is busy need not work for who does not wait any more."""
    await pachd_server.pfs.create_repo(BRANCH.repo)
    await pachd_server.pfs.create_branch(BRANCH)
    await put(pachd_server.pfs, BRANCH, "/a", b"1")
    await pachd_server.pfs.list_repo()
    assert {call.method for call in pachd_server.wire.calls if call.seconds_left is None} == {
        "ModifyFile"  # takes as long as there is progress
    }
    assert max(call.seconds_left or 0 for call in pachd_server.wire.calls) <= 21


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_gateway_that_starts_before_pachd(tmp_path: Path) -> None:
    address = f"127.0.0.1:{unused_port()}"
    with GatewayProcess(f"grpc://{address}") as gateway:
        for method, target in (("GET", "/"), ("PUT", "/master.r"), ("GET", "/master.r/a")):
            answer = send(gateway, method, target, b"" if method == "PUT" else None)
            assert (answer.status, answer.code) == (503, "ServiceUnavailable")
            assert int(answer.headers["retry-after"]) > 0
        with PfsProcess(tmp_path / "pfs", address):
            end = time.monotonic() + 60
            while send(gateway, "PUT", "/master.r", b"").status == 503:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert send(gateway, "PUT", "/master.r/a", b"1").status == 200
            assert send(gateway, "GET", "/master.r/a").body == b"1"
        assert send(gateway, "GET", "/master.r/a").status == 503
        with PfsProcess(tmp_path / "pfs", address):
            end = time.monotonic() + 60
            while send(gateway, "GET", "/master.r/a").status == 503:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert send(gateway, "GET", "/master.r/a").body == b"1"
        said = "".join(gateway.log)
    assert "does not answer yet" in said
    assert "Traceback" not in said


def test_a_gateway_ends_in_time_whatever_pachd_does(tmp_path: Path) -> None:
    with (
        PfsProcess(tmp_path / "pfs") as pfs,
        GatewayProcess(pfs.address, "--shutdown-seconds", "1") as gateway,
    ):
        assert send(gateway, "PUT", "/master.r", b"").status == 200
        pfs.process.send_signal(signal.SIGSTOP)
        try:
            with socket.create_connection((gateway.host, gateway.port)) as client:
                client.sendall(
                    b"PUT /master.r/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1"
                )
                time.sleep(0.5)
                begun = time.monotonic()
                gateway.process.send_signal(signal.SIGTERM)
                assert gateway.process.wait(40) == 0
            assert time.monotonic() - begun < 8
        finally:
            pfs.process.send_signal(signal.SIGCONT)


NOBODY = "0123456789ab4def8123456789abcdef"
CALLS: dict[str, Callable[[WholePfs], Awaitable[object]]] = {
    "ListRepo": lambda pfs: pfs.list_repo(),
    "InspectRepo": lambda pfs: pfs.inspect_repo(BRANCH.repo),
    "CreateRepo": lambda pfs: pfs.create_repo(BRANCH.repo),
    "ModifyFile": lambda pfs: pfs.modify_file(BRANCH, [AddFile("/a", b"1")]),
    "GetFile": lambda pfs: pfs.get_file(File(Commit(BRANCH.repo, NOBODY), "/a")),
}


@pytest.mark.parametrize("method", CALLS)
async def test_calls_under_way_fail_when_the_connection_is_closed(
    pachd_server: Pachd, method: str
) -> None:
    """Not as cancelled: nobody has cancelled who waits."""
    gate = pachd_server.wire.hold(method)
    waiting = asyncio.ensure_future(CALLS[method](pachd_server.pfs))
    await pachd_server.wire.came(method)
    await pachd_server.pfs.aclose()
    with pytest.raises(PfsUnavailable):
        await waiting
    gate.set()


TURNS = [*range(40), *range(40, 1000, 20)]
"""Of the event loop. A call on a new connection has reached pachd after some twenty."""


@pytest.mark.parametrize("method", CALLS)
async def test_a_call_fails_at_once_when_the_connection_is_closed_at_any_moment(
    pachd_server: Pachd, method: str
) -> None:
    gate = pachd_server.wire.hold(method)
    for turns in TURNS:
        pfs = WholePachdClient.open(PachdSettings(pachd_server.address, call_seconds=600))
        waiting = asyncio.ensure_future(CALLS[method](pfs))
        for _ in range(turns):
            await asyncio.sleep(0)
        await pfs.aclose()
        async with asyncio.timeout(60):
            with pytest.raises(PfsUnavailable):
                await waiting
    gate.set()


async def test_who_is_cancelled_is_cancelled(pachd_server: Pachd) -> None:
    gate = pachd_server.wire.hold("ListRepo")
    waiting = asyncio.create_task(pachd_server.pfs.list_repo())
    await pachd_server.wire.came("ListRepo")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
