"""Groups on pachd: what is decided before they go, and what is told after."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from grpc import StatusCode

from pfs_client.failures import (
    ConditionFailed,
    FileSetNotFound,
    PathCollision,
    PfsFailure,
    PfsOverloaded,
    PfsUnavailable,
)
from pfs_client.observer import Observer
from pfs_client.values import FILE_SETS_REPO_NAME, Commit, ExpectFile, small_file_hash
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import (
    LARGE,
    content_of,
    files_of,
    one_group,
    others_write,
    put,
    results,
    sent_paths,
    until,
    writes_to,
)


async def test_of_two_large_bodies_for_one_file_the_later_stays_and_both_succeed(
    pachd: Pachd,
) -> None:
    writes = writes_to(pachd)
    both = [put(writes, "/a", LARGE + b"1"), put(writes, "/a", LARGE + b"2")]
    async with one_group(pachd, writes, *both) as arrived:
        pass
    assert [type(one) for one in await results(arrived)] == [bytes, bytes]
    assert (await content_of(pachd, "/a"))[-1:] == b"2"


async def test_a_large_file_that_is_removed_in_the_same_group_was_written(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    both = [put(writes, "/a", LARGE), writes.delete_file(BRANCH, "/a")]
    async with one_group(pachd, writes, *both) as arrived:
        pass
    assert PfsUnavailable not in await results(arrived)
    assert await files_of(pachd) == []


async def test_a_copy_that_did_not_arrive_fails_alone(pachd: Pachd) -> None:
    """pachd copies what has gone as nothing, with OK."""
    writes = writes_to(pachd)
    three = [put(writes, f"/{name}", LARGE) for name in "abc"]
    async with one_group(pachd, writes, *three) as arrived:
        pachd.wire.loses = lambda message: message.copy_file.dst == "/b"
    assert [type(one) for one in await results(arrived)] == [bytes, type, bytes]
    with pytest.raises(PfsUnavailable, match="/b did not arrive"):
        await arrived[1]
    assert await files_of(pachd) == ["/a", "/c"]


async def test_a_large_write_is_proved_by_its_file_set_and_not_by_its_commit(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    await put(writes, "/a", LARGE)
    last = [call.method for call in pachd.wire.calls if call.method != "InspectCommit"]
    assert "RenewFileSet" in last[last.index("ModifyFile") :]
    assert all(
        message.file.commit.repo.name == FILE_SETS_REPO_NAME
        for call in pachd.wire.of("InspectFile")
        for message in call.messages
    )


async def test_a_write_whose_file_set_nobody_can_ask_for_is_not_promised(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    asked = 0

    def is_after_the_stream(_message: Any) -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    pachd.wire.faults["RenewFileSet"] = Fault(
        StatusCode.UNAVAILABLE, times=100, when=is_after_the_stream
    )
    with pytest.raises(PfsUnavailable):
        await put(writes, "/a", LARGE)


async def test_a_copy_into_somebodys_open_commit_that_did_not_arrive(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    await pachd.pfs.start_commit(BRANCH)
    pachd.wire.loses = lambda message: message.HasField("copy_file")
    with pytest.raises(PfsUnavailable, match="did not arrive"):
        await put(writes, "/a", LARGE)
    pachd.wire.loses = lambda message: False
    await put(writes, "/a", LARGE)


async def test_a_file_set_that_expired_fails_its_own_write_and_no_other(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    three = [put(writes, "/a"), put(writes, "/b", LARGE), put(writes, "/c")]
    async with one_group(pachd, writes, *three) as arrived:
        pachd.wire.faults["RenewFileSet"] = Fault(
            StatusCode.NOT_FOUND, "tracker does not contain item: (0a1b)"
        )
    assert (await results(arrived))[1] is FileSetNotFound
    assert await files_of(pachd) == ["/a", "/c"]


async def test_a_condition_is_decided_anew_when_what_it_rested_on_failed(pachd: Pachd) -> None:
    writes = writes_to(pachd, sole_writer=True)
    hash_ = small_file_hash(b"1")
    first = put(writes, "/a", LARGE, expect=ExpectFile("/a", frozenset()))
    second = put(writes, "/a", b"2", expect=ExpectFile("/a", None))
    third = put(writes, "/c", b"1", expect=ExpectFile("/c", frozenset()))
    fourth = put(writes, "/c", b"2", expect=ExpectFile("/c", frozenset([hash_])))
    async with one_group(pachd, writes, first, second, third, fourth) as arrived:
        pachd.wire.faults["RenewFileSet"] = Fault(
            StatusCode.NOT_FOUND, "tracker does not contain item: (0a1b)"
        )
    assert (await results(arrived))[:2] == [FileSetNotFound, ConditionFailed]
    assert await files_of(pachd) == ["/c"]
    assert await content_of(pachd, "/c") == b"2"


async def test_a_group_refused_for_no_stated_reason_goes_again_each_alone(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    async with one_group(pachd, writes, *(put(writes, f"/{n}") for n in range(5))) as arrived:
        pachd.wire.faults["ModifyFile"] = Fault(StatusCode.UNKNOWN, "who knows", after_messages=3)
    assert set(map(type, await results(arrived))) == {bytes}
    assert await files_of(pachd) == [f"/{n}" for n in range(5)]
    assert pachd.wire.count()["ModifyFile"] == 1 + 1 + 5


async def test_a_condition_is_not_tried_again_where_it_may_have_held(pachd: Pachd) -> None:
    """Its write may have happened: then it would not hold for what it has written itself."""
    writes = writes_to(pachd, sole_writer=True)
    two = [put(writes, "/a", expect=ExpectFile("/a", frozenset())), put(writes, "/b")]
    async with one_group(pachd, writes, *two) as arrived:
        pachd.wire.faults["ModifyFile"] = Fault(StatusCode.UNKNOWN, "?", after_messages=None)
    assert (await results(arrived))[0] is PfsFailure
    assert await arrived[1]


async def test_a_head_that_somebody_closes_in_between_takes_nobody_with_it(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    text = f"commit default/r@{'0' * 32} has already finished"
    async with one_group(pachd, writes, *(put(writes, f"/{n}") for n in range(3))) as arrived:
        pachd.wire.faults["ModifyFile"] = Fault(StatusCode.UNKNOWN, text)
    assert set(map(type, await results(arrived))) == {bytes}
    assert pachd.wire.count()["ModifyFile"] == 1 + 2  # first, refused, all again
    pachd.wire.faults["ModifyFile"] = Fault(StatusCode.UNKNOWN, text, times=99)
    with pytest.raises(PfsFailure):
        await put(writes, "/never")
    assert pachd.wire.count()["ModifyFile"] < 10


async def test_a_collision_in_an_open_commit_is_refused_without_a_wait(pachd: Pachd) -> None:
    """Who opened it may keep it open for hours."""
    writes = writes_to(pachd)
    await pachd.pfs.start_commit(BRANCH)
    await put(writes, "/d")
    async with asyncio.timeout(5):
        with pytest.raises(PathCollision) as refused:
            await put(writes, "/d/x")
        await put(writes, "/e")
    assert refused.value.existing == "/d"
    assert "/d/x" not in sent_paths(pachd)


async def test_a_suspicion_that_is_confirmed_takes_no_other_from_its_group(pachd: Pachd) -> None:
    """What is known below a directory stays known when a file in its place is refused."""
    writes = writes_to(pachd)
    await put(writes, "/c/a")
    await put(writes, "/c/c")
    two = [put(writes, "/c"), put(writes, "/c/c/a")]
    async with one_group(pachd, writes, *two) as arrived:
        pass
    assert await results(arrived) == [PathCollision, PathCollision]
    assert "/c/c/a" not in sent_paths(pachd)


class Failures(Observer):
    """Counts the commits that fail."""

    def __init__(self) -> None:
        self.count = 0

    def commit_failed(self) -> None:
        self.count += 1


def failed_commits(pachd: Pachd) -> set[str]:
    """Commits to say of that they have finished with an error."""
    failed: set[str] = set()

    def edit(info: Any) -> None:
        if info.commit.id in failed and info.HasField("finished"):
            info.error = "file / directory path collision (/d/x)"

    pachd.wire.edits["InspectCommit"] = edit
    return failed


def at_commit(commit: Commit) -> Any:
    return lambda request: request.file.commit.id == commit.id


async def test_a_head_that_has_failed_is_in_nobodys_way(pachd: Pachd) -> None:
    """pachd cannot list it, and bases the next commit on what was before."""
    good = await others_write(pachd, "/d/y")
    bad = await others_write(pachd, "/z")
    failed_commits(pachd).add(bad.id)
    for method in ("WalkFile", "InspectFile"):
        pachd.wire.faults[method] = Fault(
            StatusCode.UNKNOWN,
            "file / directory path collision (/d/x)",
            times=99,
            when=at_commit(bad),
        )
    writes = writes_to(pachd, sole_writer=True)
    with pytest.raises(PathCollision) as refused:
        await put(writes, "/d")
    assert refused.value.existing == "/d/"
    assert "/d" not in sent_paths(pachd)
    await put(writes, "/d/new", expect=ExpectFile("/d/new", frozenset()))
    looked_at = {call.messages[0].file.commit.id for call in pachd.wire.of("WalkFile")}
    assert looked_at == {good.id}


@pytest.mark.parametrize("ack_finished", [False, True])
async def test_a_commit_of_ours_that_fails_is_logged_and_counted(
    pachd: Pachd, caplog: pytest.LogCaptureFixture, ack_finished: bool
) -> None:
    failures = Failures()
    writes = writes_to(pachd, ack_finished=ack_finished, observer=failures)
    await put(writes, "/before")
    await writes.drain()
    pachd.finishing.hold()
    putting = asyncio.ensure_future(put(writes, "/a"))
    await pachd.wire.came("ModifyFile", 2)
    await pachd.wire.came("InspectCommit", pachd.wire.count()["InspectCommit"] + 1)
    failed_commits(pachd).add((await pachd.pfs.inspect_branch(BRANCH)).head.id)
    with caplog.at_level(logging.ERROR, "s3gateway"):
        pachd.finishing.release()
        assert (await results([putting]))[0] == (
            PfsFailure if ack_finished else small_file_hash(b"1")
        )
        await writes.drain()
    assert "finished with an error: file / directory path collision (/d/x)" in caplog.text
    assert failures.count == 1


async def test_what_is_forgotten_while_a_group_is_decided_stays_its_basis(pachd: Pachd) -> None:
    """A commit that fails in between must not make a collision unseen."""
    await others_write(pachd, "/d/x")
    failures = Failures()
    writes = writes_to(pachd, max_unfinished=3, observer=failures)
    await put(writes, "/x")
    await writes.drain()
    pachd.finishing.hold()
    await put(writes, "/y")
    head = (await pachd.pfs.inspect_branch(BRANCH)).head
    await until(lambda: pachd.finishing.waiting[head])
    failed_commits(pachd).add(head.id)
    gate = pachd.wire.hold("WalkFile", when=lambda request: request.file.path.startswith("/e"))
    async with one_group(pachd, writes, put(writes, "/d"), put(writes, "/e/f")) as arrived:
        pass
    await until(
        lambda: (
            pachd.wire.of("ListFile")
            and "/e" in {c.messages[0].file.path for c in pachd.wire.of("WalkFile")}
        )
    )
    await until(lambda: pachd.wire.active == 3)  # two commits that are watched, and this look
    pachd.finishing.release()
    await until(lambda: failures.count)
    gate.set()
    assert (await results(arrived))[0] is PathCollision
    assert "/d" not in sent_paths(pachd)  # our server would refuse it too; pachd would not
    await writes.drain()


async def test_a_look_that_fails_leaves_no_other_behind(pachd: Pachd) -> None:
    """What it found would come too late, and be taken for what is there then."""
    writes = writes_to(pachd)
    async with one_group(pachd, writes, *(put(writes, f"/{n}/x") for n in range(9))) as arrived:
        pachd.wire.hold("WalkFile", when=lambda request: request.file.path != "/0")
        pachd.wire.faults["WalkFile"] = Fault(
            StatusCode.RESOURCE_EXHAUSTED, when=lambda request: request.file.path == "/0"
        )
    assert set(await results(arrived)) == {PfsOverloaded}
    await until(lambda: not pachd.wire.active)
