"""Uploads in parts on a pachd: what they cost, what they leave, and what goes wrong with them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from pachd_server.hazards import Hazards
from pfs_client.failures import FileSetNotFound, PathCollision, UploadNotFound
from pfs_client.uploads.beginnings import SHARED
from pfs_client.uploads.records import UPLOAD_PATH, PartRecord
from pfs_client.values import AddFile, Branch, Commit, Repo
from tests.cluster.pachd import Pachd, serving_pachd
from tests.cluster.wire import Fault
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import body
from tests.pfs_client.upload_processes import FEW, PART, PATH, Process, process
from tests.pfs_contract.reading import head_of, read

DEADLY = 15
"""Commits of a repo that end a pachd which deletes it at once."""


async def test_another_process_goes_on_with_an_upload(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    await one.send(upload, 1)
    other = process(pachd)
    await other.send(upload, 2, b"the end")
    await other.complete(upload)
    head = await head_of(pachd.pfs, BRANCH)
    assert await read(pachd.pfs, head, PATH) == PART + b"the end"
    await other.writes.drain()


async def test_parts_that_come_together_share_commits(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    await one.writes.drain()
    pachd.wire.calls.clear()
    await asyncio.gather(*(one.send(upload, number, b"x" * number) for number in range(1, 17)))
    assert pachd.wire.count()["CreateFileSet"] == 16
    assert pachd.wire.count()["ModifyFile"] <= 8


async def test_what_a_completion_costs(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    for number in range(1, 6):
        await one.send(upload, number, b"x" * number)
    await one.writes.put_file(BRANCH, "/dir/other", body(b"x"), declared_size_bytes=1)
    await one.writes.drain()
    pachd.wire.calls.clear()
    await one.complete(upload)
    await one.writes.drain()
    assert pachd.wire.count() == {
        "InspectBranch": 2,  # of the target before, and the test's own
        "WalkFile": 1,
        "ComposeFileSet": 1,
        "InspectFile": 1,
        "ModifyFile": 2,
        "RenewFileSet": 1,
        "InspectCommit": 3,  # one of them the test's
    }


async def test_what_a_list_of_parts_costs(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    for number in range(1, 6):
        await one.send(upload, number, b"x")
    await one.uploads.find(BRANCH, PATH, upload.id)
    await one.writes.drain()
    pachd.wire.calls.clear()
    await one.uploads.find(BRANCH, PATH, upload.id)
    assert dict(pachd.wire.count()) == {"WalkFile": 1}


async def test_a_late_part_does_not_bring_an_upload_back(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    part = await one.send(upload, 1)
    await one.uploads.abort(upload)
    await one.uploads.drain()
    # pachd makes a branch of whatever is written to it.
    await pachd.pfs.modify_file(upload.branch, [AddFile(part.path, b"")])
    assert upload.branch.name in await one.names()
    with pytest.raises(UploadNotFound):
        await one.uploads.find(BRANCH, PATH, upload.id)
    assert await one.uploads.list(BRANCH) == []


async def test_a_part_of_an_aborted_upload_is_told_so(one: Process) -> None:
    upload = await one.begin()
    await one.uploads.abort(upload)
    await one.uploads.drain()
    with pytest.raises(UploadNotFound):
        await one.send(upload, 1)


async def test_an_upload_is_gone_while_its_commits_go(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    for number in range(1, 4):
        await one.send(upload, number, b"x")
    await one.uploads.abort(upload)
    while upload.branch.name in await one.names():
        with pytest.raises(UploadNotFound):
            await one.uploads.find(BRANCH, PATH, upload.id)


async def test_an_upload_whose_commits_go_while_it_is_read_has_ended(
    pachd: Pachd, one: Process
) -> None:
    upload, other = await one.begin(), process(pachd)
    gate = pachd.wire.hold("WalkFile")
    listing = asyncio.create_task(other.uploads.list(BRANCH))
    finding = asyncio.create_task(other.uploads.find(BRANCH, PATH, upload.id))
    await pachd.wire.came("WalkFile", times=2)
    await one.writes.delete_file(upload.branch, UPLOAD_PATH)
    head = await head_of(pachd.pfs, upload.branch)
    await pachd.pfs.squash_commit(await parent_of(pachd, head), branch=upload.branch.name)
    gate.set()
    assert await listing == []
    with pytest.raises(UploadNotFound):
        await finding


async def parent_of(pachd: Pachd, commit: Commit) -> Commit:
    parent = (await pachd.pfs.inspect_commit(commit, wait_finished=True)).parent
    assert parent is not None
    return parent


async def test_aborted_uploads_leave_nothing(pachd: Pachd, one: Process) -> None:
    await one.uploads.abort(await one.begin())
    await one.uploads.drain()
    before = {info.commit async for info in pachd.pfs.list_commit(BRANCH.repo)}
    for _ in range(5):
        upload = await one.begin()
        for number in range(1, 4):
            await one.send(upload, number, b"x")
        await one.uploads.abort(upload)
    await one.uploads.drain()
    assert await one.names() == [SHARED, BRANCH.name]
    assert {info.commit async for info in pachd.pfs.list_commit(BRANCH.repo)} == before


async def test_a_file_that_was_written_before_its_answer_was_lost_is_found(
    pachd: Pachd, one: Process
) -> None:
    upload = await one.begin()
    await one.send(upload, 1)
    completion = await one.complete(upload)
    await one.writes.put_file(BRANCH, PATH, body(b"newer"), declared_size_bytes=5)
    head = await head_of(pachd.pfs, BRANCH)
    assert await one.uploads.completing.was_written(upload, completion, head)
    state = await one.uploads.find(BRANCH, PATH, upload.id)
    assert state.completion == completion


async def test_a_file_is_not_written_again_where_no_history_tells_what_became_of_it(
    pachd: Pachd, one: Process
) -> None:
    await one.writes.put_file(BRANCH, "/other", body(b"x"), declared_size_bytes=1)
    upload = await one.begin()
    await one.send(upload, 1)
    completion = await one.complete(upload)
    await one.writes.put_file(BRANCH, PATH, body(b"newer"), declared_size_bytes=5)
    head = await head_of(pachd.pfs, BRANCH)
    await pachd.pfs.inspect_commit(head, wait_finished=True)
    await pachd.pfs.squash_commit(completion.base_in(BRANCH.repo), branch=BRANCH.name)
    with pytest.raises(UploadNotFound):
        await one.uploads.completing.was_written(upload, completion, head)


async def test_nor_where_it_was_written_into_an_open_commit_that_has_changed(
    pachd: Pachd, one: Process
) -> None:
    opened = await pachd.pfs.start_commit(BRANCH)
    upload = await one.begin()
    completion, composed = await one.prepared([await one.send(upload, 1)], opened)
    await one.uploads.completing.write(upload, completion, composed, None)
    assert await one.uploads.completing.was_written(upload, completion, opened)
    await one.writes.put_file(BRANCH, PATH, body(b"newer"), declared_size_bytes=5)
    with pytest.raises(UploadNotFound):
        await one.uploads.completing.was_written(upload, completion, opened)
    await pachd.pfs.finish_commit(opened)
    with pytest.raises(UploadNotFound):
        await one.uploads.completing.was_written(upload, completion, opened)
    await one.writes.put_file(BRANCH, "/other", body(b"x"), declared_size_bytes=1)
    head = await head_of(pachd.pfs, BRANCH)
    with pytest.raises(UploadNotFound):
        await one.uploads.completing.was_written(upload, completion, head)


async def test_a_file_that_was_not_written_is_not_found_but_can_be(
    pachd: Pachd, one: Process
) -> None:
    """As if the process had been killed between the two commits."""
    upload = await one.begin()
    part = await one.send(upload, 1)
    completion, composed = await one.prepared([part])
    await one.uploads._records.complete(upload, completion)
    await one.writes.put_file(BRANCH, "/other", body(b"x"), declared_size_bytes=1)
    head = await head_of(pachd.pfs, BRANCH)
    assert not await one.uploads.completing.was_written(upload, completion, head)
    await one.uploads.completing.write(upload, completion, composed, None)
    head = await head_of(pachd.pfs, BRANCH)
    assert await read(pachd.pfs, head, PATH) == PART


async def test_a_completion_that_collides_is_taken_back(pachd: Pachd, one: Process) -> None:
    await one.writes.put_file(BRANCH, "/dir", body(b"x"), declared_size_bytes=1)
    upload = await one.begin()
    await one.send(upload, 1)
    with pytest.raises(PathCollision):
        await one.complete(upload)
    assert (await one.uploads.find(BRANCH, PATH, upload.id)).completion is None


async def test_a_part_that_has_expired_is_told(one: Process) -> None:
    upload = await one.begin()
    first, second = [await one.send(upload, number) for number in (1, 2)]
    gone = PartRecord(3, second.time_us, "0" * 8, 1, second.hash, b"", first.file_set_id[:-1] + "_")
    with pytest.raises(FileSetNotFound):
        await one.uploads.completing.compose([first, gone])


async def test_file_sets_of_open_uploads_are_renewed(pachd: Pachd, one: Process) -> None:
    upload = await one.begin()
    for number in (1, 2):
        await one.send(upload, number, b"x")
    await one.send(upload, 2, b"again")
    await one.writes.drain()
    pachd.wire.calls.clear()
    await process(pachd).caretaker().go_round()  # of a gateway that has just been started
    assert pachd.wire.count()["RenewFileSet"] == 3
    assert upload.branch.name in await one.names()


async def test_uploads_that_took_too_long_are_removed(one: Process) -> None:
    upload = await one.begin()
    await one.send(upload, 1)
    await one.caretaker(timedelta(0)).go_round()
    assert await one.names() == [SHARED, BRANCH.name]
    with pytest.raises(UploadNotFound):
        await one.uploads.find(BRANCH, PATH, upload.id)


async def test_an_upload_to_a_branch_that_has_gone_takes_its_repo_with_it(
    pachd: Pachd, one: Process
) -> None:
    await one.begin()
    await one.writes.drain()
    await pachd.pfs.delete_branch(BRANCH)
    await one.caretaker().go_round()
    assert Repo("r") not in [info.repo for info in await pachd.pfs.list_repo()]


DENIED = "robot:a is not authorized to perform this operation - needs permissions"


async def test_repos_that_may_not_be_read_do_not_keep_others_from_being_looked_after(
    pachd: Pachd, one: Process
) -> None:
    upload = await one.begin()
    await one.send(upload, 1)
    await one.writes.drain()
    other = Branch(Repo("a"), upload.branch.name)  # it comes first
    await pachd.pfs.create_repo(other.repo)
    await pachd.pfs.create_branch(other)
    pachd.wire.calls.clear()
    pachd.wire.faults["ListBranch"] = Fault(
        grpc.StatusCode.PERMISSION_DENIED,
        DENIED,
        when=lambda request: request.repo.name == other.repo.name,
    )
    await one.caretaker().go_round()
    assert pachd.wire.count()["RenewFileSet"] == 1


async def test_uploads_that_may_not_be_removed_do_not_keep_others_from_being_renewed(
    pachd: Pachd, one: Process
) -> None:
    upload = await one.begin()
    await one.send(upload, 1)
    dev = Branch(BRANCH.repo, "dev")
    await pachd.pfs.create_branch(dev)
    over = await one.uploads.begin(dev, PATH)
    await one.writes.drain()
    await pachd.pfs.delete_branch(dev)
    pachd.wire.calls.clear()
    pachd.wire.faults["DeleteBranch"] = Fault(grpc.StatusCode.PERMISSION_DENIED, DENIED)
    await one.caretaker().go_round()
    assert pachd.wire.count()["RenewFileSet"] == 1
    assert over.branch.name in await one.names()


async def test_its_repo_goes_slowly_if_its_history_is_long(tmp_path: Path) -> None:
    async with serving_pachd(tmp_path, hazards=Hazards(deadly_commits=DEADLY)) as pachd:
        await pachd.pfs.create_repo(BRANCH.repo)
        await pachd.pfs.create_branch(BRANCH)
        for number in range(DEADLY):
            await pachd.pfs.modify_file(BRANCH, [AddFile(f"/{number}", b"x")])
        one = process(pachd)
        await one.begin()
        await one.writes.drain()
        await pachd.pfs.delete_branch(BRANCH)  # as pachctl does
        await one.caretaker().go_round()
        async with asyncio.timeout(100):
            await pachd.wire.came("DeleteRepo")
        assert pachd.wire.count()["DropCommit"] >= DEADLY - FEW


async def test_what_a_part_costs_does_not_grow_with_the_parts_before(
    pachd: Pachd, one: Process
) -> None:
    upload = await one.begin()
    for number in range(1, 6):
        await one.send(upload, number, b"x")
    await one.uploads.find(BRANCH, PATH, upload.id)
    await one.writes.drain()
    pachd.wire.calls.clear()
    found = await one.uploads.find(BRANCH, PATH, upload.id, with_parts=False)
    assert (found.upload, dict(found.parts)) == (upload, {})
    assert dict(pachd.wire.count()) == {"WalkFile": 1}
    await one.complete(upload)
    assert (await one.uploads.find(BRANCH, PATH, upload.id, with_parts=False)).completion
