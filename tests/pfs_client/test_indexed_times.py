"""When files changed, told of a pachd, which does not say it: exact, or not too early."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from grpc import StatusCode

from pfs_client.failures import HistoryUnread
from pfs_client.history import patience
from pfs_client.history.patience import TRIES_IN_VAIN
from pfs_client.values import AddFile, Branch, DeleteFile, File
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import others_write, put, until
from tests.pfs_client.histories import Timed, timed, truth
from tests.pfs_contract.reading import head_of

READS = ("ListCommit", "GetFileSet", "FindCommits", "WalkFile")


async def replace(pachd: Pachd, path: str, branch: Branch = BRANCH) -> None:
    """What somebody else writes."""
    await pachd.pfs.modify_file(branch, [DeleteFile(path), AddFile(path, b"other")])
    await head_of(pachd.pfs, branch)


async def assert_exact(pachd: Pachd, gateway: Timed, branch: Branch = BRANCH) -> None:
    expected = await truth(pachd, branch)
    assert await gateway.listed(branch) == expected
    for path, changed in expected.items():
        assert await gateway.told(path, branch) == changed


async def test_our_own_commits_need_no_call(pachd: Pachd) -> None:
    async with timed(pachd.pfs) as gateway:
        await put(gateway.writes, "/first")
        await gateway.all_is_read()
        pachd.wire.calls.clear()
        for number in range(5):
            await put(gateway.writes, f"/d/{number % 3}")
            await assert_exact(pachd, gateway)
        await gateway.writes.delete_file(BRANCH, "/d/1")
        await put(gateway.writes, "/d/1")
        await assert_exact(pachd, gateway)
        calls = pachd.wire.count()
        assert not [name for name in ("ListCommit", "GetFileSet", "FindCommits") if calls[name]]
        assert gateway.seen.approximated == 0


async def test_a_commit_of_others_costs_three_calls_once(pachd: Pachd) -> None:
    async with timed(pachd.pfs) as gateway:
        await put(gateway.writes, "/a")
        await gateway.all_is_read()
        await replace(pachd, "/b")
        await gateway.writes.drain()
        pachd.wire.calls.clear()
        await asyncio.gather(*(gateway.told(path) for path in "ab" * 10))
        calls = Counter({name: pachd.wire.count()[name] for name in READS})
        assert calls == {"ListCommit": 1, "GetFileSet": 1, "WalkFile": 1, "FindCommits": 0}
        pachd.wire.calls.clear()
        await assert_exact(pachd, gateway)
        assert not pachd.wire.of("ListCommit")
        assert not pachd.wire.of("GetFileSet")


async def test_an_old_history_is_read_to_its_end(pachd: Pachd, tmp_path: Path) -> None:
    for number in range(12):
        await replace(pachd, f"/{number % 7}")
    async with timed(pachd.pfs, tmp_path / "state") as gateway:
        await assert_exact(pachd, gateway)
        await gateway.all_is_read()
        await until(lambda: gateway.seen.read == 13)  # it is told after it is in the index
        assert gateway.seen.approximated == 0
    async with timed(pachd.pfs, tmp_path / "state") as again:
        pachd.wire.calls.clear()
        await assert_exact(pachd, again)
        assert not pachd.wire.of("ListCommit")


async def test_a_file_of_an_unread_history_is_looked_for(pachd: Pachd) -> None:
    for number in range(5):
        await replace(pachd, f"/{number}")
    gate = pachd.wire.hold("GetFileSet")
    async with timed(pachd.pfs) as gateway:
        for path, changed in (await truth(pachd)).items():
            assert await gateway.told(path) == changed
        assert pachd.wire.count()["FindCommits"] == 5
        await gateway.told("/1")
        assert pachd.wire.count()["FindCommits"] == 5
        gate.set()


async def test_nobody_waits_any_more_where_several_have_waited_in_vain(pachd: Pachd) -> None:
    for number in range(TRIES_IN_VAIN + 2):
        await replace(pachd, f"/{number}")
    expected = await truth(pachd)
    gates = [pachd.wire.hold(name) for name in ("GetFileSet", "FindCommits")]
    async with timed(pachd.pfs, wait_seconds=0.1) as gateway:
        for path, changed in expected.items():
            told = await gateway.told(path)
            assert told
            assert changed
            assert told >= changed
        assert pachd.wire.count()["FindCommits"] == TRIES_IN_VAIN
        assert gateway.seen.approximated == len(expected)
        for gate in gates:
            gate.set()
        await gateway.all_is_read()
        await assert_exact(pachd, gateway)


async def test_after_a_rest_files_are_looked_for_again(
    pachd: Pachd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "REST_SECONDS", 0.0)
    for number in range(TRIES_IN_VAIN + 2):
        await replace(pachd, f"/{number}")
    gates = [pachd.wire.hold(name) for name in ("GetFileSet", "FindCommits")]
    async with timed(pachd.pfs, wait_seconds=0.1) as gateway:
        for _ in range(TRIES_IN_VAIN):
            await gateway.told("/0")
        gates[1].set()
        assert await gateway.told("/0") == (await truth(pachd))["/0"]
        gates[0].set()


async def test_a_list_waits_and_is_then_never_too_early(pachd: Pachd) -> None:
    old: set[str] = set()
    for number in range(6):
        await replace(pachd, f"/{number}")
        old |= {(await head_of(pachd.pfs, BRANCH)).id} if number < 3 else set()
    expected = await truth(pachd)
    gate = pachd.wire.hold("GetFileSet", lambda request: request.commit.id in old)
    async with timed(pachd.pfs, wait_seconds=0.3) as gateway:
        listed = await gateway.listed()
        assert gateway.seen.approximated == 3
        assert [path for path, time in listed.items() if time == expected[path]] == [
            "/3", "/4", "/5",
        ]  # fmt: skip
        # The oldest commit that has been read is the one of /3.
        assert {listed[path] for path in ("/0", "/1", "/2")} == {expected["/3"]}
        gate.set()
        await gateway.all_is_read()
        await assert_exact(pachd, gateway)


async def test_exact_times_are_not_approximated(pachd: Pachd) -> None:
    await replace(pachd, "/a")
    gates = [pachd.wire.hold(name) for name in ("GetFileSet", "FindCommits")]
    async with timed(pachd.pfs, wait_seconds=0.1, exact=True) as gateway:
        with pytest.raises(HistoryUnread):
            await gateway.listed()
        with pytest.raises(HistoryUnread):
            await gateway.told("/a")
        for gate in gates:
            gate.set()
        await gateway.all_is_read()
        await assert_exact(pachd, gateway)


async def test_an_open_commit_changes_what_it_changes(pachd: Pachd) -> None:
    await replace(pachd, "/old")
    async with timed(pachd.pfs) as gateway:
        commit = await pachd.pfs.start_commit(BRANCH)
        await pachd.pfs.modify_file(BRANCH, [AddFile("/new", b"1")])
        expected = await truth(pachd)
        assert expected["/new"] is None
        assert expected["/old"] is not None
        await assert_exact(pachd, gateway)
        await pachd.pfs.finish_commit(commit)
        await assert_exact(pachd, gateway)


async def test_branches_that_move(pachd: Pachd) -> None:
    other = Branch(BRANCH.repo, "other")
    await replace(pachd, "/a")
    back = await head_of(pachd.pfs, BRANCH)
    await replace(pachd, "/b")
    async with timed(pachd.pfs) as gateway:
        await assert_exact(pachd, gateway)
        await pachd.pfs.create_branch(other, head=back)
        await assert_exact(pachd, gateway, other)
        await replace(pachd, "/b", other)
        await put(gateway.writes, "/c", branch=other)
        await assert_exact(pachd, gateway, other)
        await gateway.all_is_read()
        await replace(pachd, "/a")
        await assert_exact(pachd, gateway)
        await pachd.pfs.create_branch(BRANCH, head=back)
        assert await gateway.told("/a") == (await truth(pachd))["/a"]
        await pachd.pfs.create_branch(BRANCH, head=await head_of(pachd.pfs, other))
        await assert_exact(pachd, gateway)


async def test_dropped_commits(pachd: Pachd) -> None:
    await replace(pachd, "/a")
    await replace(pachd, "/b")
    async with timed(pachd.pfs) as gateway:
        await assert_exact(pachd, gateway)
        await gateway.all_is_read()
        await replace(pachd, "/a")
        await assert_exact(pachd, gateway)
        await pachd.pfs.drop_commit(await head_of(pachd.pfs, BRANCH))
        await assert_exact(pachd, gateway)
        await put(gateway.writes, "/c")
        await assert_exact(pachd, gateway)


async def test_a_commit_that_failed_has_changed_nothing(pachd: Pachd) -> None:
    await replace(pachd, "/a")
    expected = await truth(pachd)
    async with timed(pachd.pfs) as gateway:
        await assert_exact(pachd, gateway)
        commit = await pachd.pfs.start_commit(BRANCH)
        await pachd.pfs.modify_file(BRANCH, [DeleteFile("/a"), AddFile("/a", b"2")])
        await pachd.pfs.finish_commit(commit, "no")
        await replace(pachd, "/b")
        assert (await truth(pachd))["/a"] == expected["/a"]
        await assert_exact(pachd, gateway)


async def test_a_pfs_that_cannot_say_leaves_heads_time(pachd: Pachd) -> None:
    await replace(pachd, "/a")
    await replace(pachd, "/b")
    head = (await pachd.pfs.inspect_commit(await head_of(pachd.pfs, BRANCH))).finishing
    for name in ("ListCommit", "FindCommits"):
        pachd.wire.faults[name] = Fault(StatusCode.UNKNOWN, times=1000)
    async with timed(pachd.pfs, wait_seconds=0.2) as gateway:
        assert set((await gateway.listed()).values()) == {head}
        assert await gateway.told("/a") == head


async def test_an_own_commit_is_known_as_soon_as_it_is_answered(pachd: Pachd) -> None:
    async with timed(pachd.pfs) as gateway:
        await put(gateway.writes, "/first")
        await gateway.all_is_read()
        pachd.wire.calls.clear()
        told: list[datetime | None] = []
        for number in range(10):
            await put(gateway.writes, f"/{number}")
            told.append(await gateway.told(f"/{number}"))
        assert told == [(await truth(pachd))[f"/{number}"] for number in range(10)]
        assert not pachd.wire.of("ListCommit")


async def test_two_gateways_share_an_index(pachd: Pachd, tmp_path: Path) -> None:
    async with timed(pachd.pfs, tmp_path) as one, timed(pachd.pfs, tmp_path) as other:
        await put(one.writes, "/a")
        await one.all_is_read()
        for number in range(4):
            await put(one.writes, "/a")
            await put(other.writes, f"/{number}")
            await assert_exact(pachd, one)
            await assert_exact(pachd, other)


async def test_one_large_commit_of_others(pachd: Pachd) -> None:
    await others_write(pachd, *(f"/d/{number:05}" for number in range(6000)))
    await replace(pachd, "/x")
    async with timed(pachd.pfs) as gateway:
        await assert_listed(pachd, gateway)


async def assert_listed(pachd: Pachd, gateway: Timed) -> None:
    assert await gateway.listed() == await truth(pachd)
    found = await pachd.pfs.inspect_file(File(await head_of(pachd.pfs, BRANCH), "/x"))
    assert found.is_file
