"""Where uploads begin on a pachd: at one empty commit for each repo, whichever gateway made it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.uploads import caretaking
from pfs_client.uploads.beginnings import SHARED
from pfs_client.uploads.records import Upload, new_upload_id, upload_branch
from pfs_client.values import AddFile, Branch, Commit, File
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.upload_processes import Process, process
from tests.pfs_contract.reading import head_of

EMPTY = Branch(BRANCH.repo, SHARED)


async def beginning(pachd: Pachd, upload: Upload) -> Commit:
    """The first commit of an upload's branch."""
    head = await head_of(pachd.pfs, upload.branch)
    infos = [info async for info in pachd.pfs.list_commit(head.repo, newest=head)]
    assert infos[-1].parent is None
    return infos[-1].commit


async def test_gateways_that_begin_the_first_uploads_at_once_share_a_beginning(
    pachd: Pachd, one: Process
) -> None:
    gate = pachd.wire.hold("CreateBranch", lambda request: request.branch.name == SHARED)
    beginnings = [asyncio.create_task(each.begin()) for each in (one, process(pachd), one)]
    await pachd.wire.came("CreateBranch", times=3)  # none has found the branch
    gate.set()
    uploads = await asyncio.gather(*beginnings)
    shared = await head_of(pachd.pfs, EMPTY)
    assert {await beginning(pachd, upload) for upload in uploads} == {shared}
    assert (await one.names()).count(SHARED) == 1


async def test_a_repo_of_the_same_name_has_another_beginning(pachd: Pachd, one: Process) -> None:
    before = await beginning(pachd, await one.begin())
    await pachd.pfs.delete_repo(BRANCH.repo)
    with pytest.raises(RepoNotFound):
        await one.begin()
    await pachd.pfs.create_repo(BRANCH.repo)
    await pachd.pfs.create_branch(BRANCH)
    assert await beginning(pachd, await one.begin()) != before


async def test_a_repo_that_was_deleted_and_created_unseen_has_another_beginning(
    pachd: Pachd, one: Process
) -> None:
    before = await beginning(pachd, await one.begin())
    await pachd.pfs.delete_repo(BRANCH.repo)
    await pachd.pfs.create_repo(BRANCH.repo)
    await pachd.pfs.create_branch(BRANCH)
    upload = await one.begin()
    assert await beginning(pachd, upload) == await head_of(pachd.pfs, EMPTY) != before


async def test_what_others_write_to_the_shared_branch_is_in_no_upload(
    pachd: Pachd, one: Process
) -> None:
    shared = await beginning(pachd, await one.begin())
    await pachd.pfs.modify_file(EMPTY, [AddFile("/upload", b"not ours")])
    upload = await process(pachd).begin()
    assert await beginning(pachd, upload) == shared
    assert await pachd.pfs.walk_file(File(shared, "/")) == []
    await one.uploads.abort(upload)
    await one.uploads.drain()
    assert (await pachd.pfs.inspect_commit(await head_of(pachd.pfs, EMPTY))).parent == shared


async def test_uploads_go_on_beginning_once_the_shared_branch_has_gone(
    pachd: Pachd, one: Process
) -> None:
    """pachctl can delete it; a commit outlives its branch."""
    await one.begin()
    await pachd.pfs.delete_branch(EMPTY)
    for each in (one, process(pachd)):
        assert (
            await pachd.pfs.walk_file(File(await beginning(pachd, await each.begin()), "/")) == []
        )


async def test_an_upload_that_got_no_further_than_its_branch_goes_and_its_beginning_stays(
    pachd: Pachd, one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head is what the others begin with, which must be neither squashed nor dropped."""
    other = await one.begin()
    shared = await head_of(pachd.pfs, EMPTY)
    branch = upload_branch(BRANCH.repo, new_upload_id(datetime.now(UTC)))
    assert branch is not None
    await pachd.pfs.create_branch(branch, head=shared)
    monkeypatch.setattr(caretaking, "_KEPT_WITHOUT_RECORD", timedelta(0))
    pachd.wire.calls.clear()
    await one.caretaker().go_round()
    assert not {"SquashCommit", "DropCommit"} & pachd.wire.count().keys()
    with pytest.raises(BranchNotFound):
        await pachd.pfs.inspect_branch(branch)
    assert await head_of(pachd.pfs, EMPTY) == shared == await beginning(pachd, other)


async def test_the_end_of_an_upload_leaves_what_others_begin_with(
    pachd: Pachd, one: Process
) -> None:
    upload, other = await one.begin(), await one.begin()
    for number in (1, 2):
        await one.send(upload, number, b"x")
    await one.uploads.abort(upload)
    await one.uploads.drain()
    shared = await head_of(pachd.pfs, EMPTY)
    asked = [call.messages[0].commit.id for call in pachd.wire.of("SquashCommit")]
    assert asked
    assert shared.id not in asked
    assert await beginning(pachd, other) == shared == await beginning(pachd, await one.begin())


async def test_a_commit_that_was_not_squashed_goes_behind_head(pachd: Pachd, one: Process) -> None:
    await one.uploads.abort(await one.begin())
    await one.uploads.drain()
    before = {info.commit async for info in pachd.pfs.list_commit(BRANCH.repo)}
    upload = await one.begin()
    await one.send(upload, 1, b"x")
    pachd.wire.faults["SquashCommit"] = Fault(grpc.StatusCode.UNKNOWN)
    await one.uploads.abort(upload)
    await one.uploads.drain()
    assert {info.commit async for info in pachd.pfs.list_commit(BRANCH.repo)} == before
