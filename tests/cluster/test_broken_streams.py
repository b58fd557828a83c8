"""A stream of changes that breaks off is not taken for a whole one, wherever it is cut."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest

from pfs_client.pachd import messages
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.pfs_v2.pfs_pb2_grpc import APIStub
from pfs_client.pachd.raw_messages import add_file_request
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import AddFile, Branch, Change, DeleteFile, Repo
from tests.cluster.fault_proxy import FaultProxy
from tests.cluster.pachd import serving_pachd
from tests.pfs_contract.reading import head_of, put, read

BRANCH = Branch(Repo("r"), "master")


async def test_a_connection_cut_between_a_files_removal_and_its_content(tmp_path: Path) -> None:
    async with serving_pachd(tmp_path / "pfs") as server:
        await server.pfs.create_repo(BRANCH.repo)
        await server.pfs.create_branch(BRANCH)
        await put(server.pfs, BRANCH, "/a", b"old")
        proxy = FaultProxy(server.address)
        await proxy.start()
        outcomes = set()
        for cut_after in [*range(50, 1_000, 50), *range(1_000, 200_000, 20_000)]:
            pfs = WholePachdClient.open(PachdSettings(proxy.address, call_seconds=5))
            await pfs.get_version()
            proxy.after(cut_after, proxy.cut)
            changes: list[Change] = [DeleteFile("/a"), AddFile("/a", b"new" * 50_000)]
            (outcome,) = await asyncio.gather(
                pfs.modify_file(BRANCH, changes), return_exceptions=True
            )
            outcomes.add(type(outcome).__name__)
            await pfs.aclose()
            content = await read(server.pfs, await head_of(server.pfs, BRANCH), "/a")
            assert content in (b"old", b"new" * 50_000)
        assert "PfsUnavailable" in outcomes
        await proxy.stop()


@pytest.mark.parametrize("round_", range(8))
async def test_a_message_too_large_behind_a_removal(tmp_path: Path, round_: int) -> None:
    async with serving_pachd(tmp_path / "pfs") as server:
        await server.pfs.create_repo(BRANCH.repo)
        await server.pfs.create_branch(BRANCH)
        await put(server.pfs, BRANCH, "/a", b"old")
        largest = ("grpc.max_send_message_length", -1)
        async with grpc.aio.insecure_channel(server.address, options=[largest]) as channel:
            stub = APIStub(channel)  # type: ignore[no-untyped-call]
            requests = [
                pfs_pb2.ModifyFileRequest(
                    set_commit=pfs_pb2.Commit(branch=messages.branch_message(BRANCH))
                ),
                messages.delete_file_message(DeleteFile("/a")),
                pfs_pb2.ModifyFileRequest.FromString(add_file_request("/a", bytes(21 << 20))),
            ]
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.ModifyFile(iter(requests))
        assert await read(server.pfs, await head_of(server.pfs, BRANCH), "/a") == b"old"
