"""What the embedded PFS does beyond what the gateway asks: all that pachd would, harm included."""

from __future__ import annotations

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import BranchNotFound, InvalidPath, RepoNotFound
from pfs_client.values import AddFile, Branch, Change, Commit, CopyFile, DeleteFile, File, Repo
from tests.embedded_pfs.conftest import BRANCH
from tests.pfs_contract.reading import head_of, paths, put


@pytest.fixture
async def pfs(pfs: EmbeddedPfs) -> EmbeddedPfs:
    await pfs.modify_file(BRANCH, [AddFile(path, b"1") for path in ("/d/x", "/d/y/z", "/e")])
    return pfs


async def files_of(pfs: EmbeddedPfs) -> list[str]:
    found = await pfs.walk_file(File(await head_of(pfs, BRANCH), "/"))
    return paths([info for info in found if info.is_file])


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (DeleteFile("/d/"), ["/e"]),
        (DeleteFile("/d"), ["/d/x", "/d/y/z", "/e"]),
        (DeleteFile("/"), []),
        (DeleteFile(""), ["/d/x", "/d/y/z", "/e"]),
    ],
)
@pytest.mark.parametrize("method", ["modify_file", "modify_stream"])
async def test_a_slash_at_the_end_deletes_all_below(
    pfs: EmbeddedPfs, method: str, change: Change, left: list[str]
) -> None:
    await getattr(pfs, method)(BRANCH, [change])
    assert await files_of(pfs) == left


@pytest.mark.parametrize("path", ["/", ""])
async def test_the_root_is_no_file(pfs: EmbeddedPfs, path: str) -> None:
    with pytest.raises(InvalidPath):
        await pfs.modify_stream(BRANCH, [AddFile(path, b"1")])


async def test_only_a_stream_creates_a_missing_branch(pfs: EmbeddedPfs) -> None:
    new = Branch(BRANCH.repo, "new")
    with pytest.raises(BranchNotFound):
        await pfs.modify_file(new, [AddFile("/a", b"1")])
    with pytest.raises(InvalidPath):
        await pfs.modify_stream(new, [AddFile("/a*", b"1")])
    assert [info.branch for info in await pfs.list_branch(BRANCH.repo)] == [BRANCH]
    await pfs.modify_stream(new, [AddFile("/a", b"1")])
    assert (await pfs.inspect_branch(new)).branch == new


@pytest.mark.parametrize("is_open", [False, True])
async def test_a_stream_copies_nothing_out_of_a_file_set_that_has_gone(
    pfs: EmbeddedPfs, is_open: bool
) -> None:
    target = await pfs.start_commit(BRANCH) if is_open else BRANCH
    gone = File(Commit.of_file_set("0123456789ab4def8123456789abcdef"), "/p")
    await pfs.modify_stream(target, [CopyFile("/copy", gone), AddFile("/f", b"1")])
    if isinstance(target, Commit):
        await pfs.finish_commit(target)
    assert await files_of(pfs) == ["/d/x", "/d/y/z", "/e", "/f"]


async def test_a_branch_tells_all_that_feeds_it_and_all_that_it_feeds(pfs: EmbeddedPfs) -> None:
    middle, last = Branch(Repo("middle"), "master"), Branch(Repo("last"), "master")
    for branch, fed_by in ((middle, BRANCH), (last, middle)):
        await pfs.create_repo(branch.repo)
        await pfs.create_branch(branch, provenance=[fed_by])
    first, second, third = [await pfs.inspect_branch(one) for one in (BRANCH, middle, last)]
    assert (first.direct_provenance, first.provenance) == ((), ())
    assert (second.direct_provenance, second.provenance) == ((BRANCH,), (BRANCH,))
    assert third.direct_provenance == (middle,)
    assert set(third.provenance) == {BRANCH, middle}
    assert [set(one.subvenance) for one in (first, second, third)] == [
        {middle, last},
        {last},
        set(),
    ]


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
async def test_commits_are_listed_whole_in_pages_of_any_length(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("embedded_pfs.commit_calls._COMMITS_A_PAGE", page)
    made = [(await pfs.inspect_branch(BRANCH)).head]
    made.insert(0, (await pfs.inspect_commit(made[0])).parent or made[0])
    for number in range(4):
        await put(pfs, BRANCH, f"/{number}", b"1")
        made.append((await pfs.inspect_branch(BRANCH)).head)

    async def listed(newest: Commit | None = None) -> list[Commit]:
        return [info.commit async for info in pfs.list_commit(BRANCH.repo, newest=newest)]

    assert await listed() == made[::-1]
    assert await listed(made[3]) == made[3::-1]
    assert await listed(made[0]) == made[:1]


async def test_commits_of_a_repo_that_is_not_there(pfs: EmbeddedPfs) -> None:
    with pytest.raises(RepoNotFound):
        [info async for info in pfs.list_commit(Repo("nope"))]
