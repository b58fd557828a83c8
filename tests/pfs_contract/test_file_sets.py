from __future__ import annotations

import pytest

from pfs_client.failures import FileNotFound, FileSetNotFound, NotAFile, PfsFailure
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    Part,
    Repo,
)
from pfs_client.whole_pfs import WholePfs
from tests.pfs_contract.reading import head_of, paths, pfs_hash, put, read

GONE = "0123456789ab4def8123456789abcdef." + "0" * 64


async def file_set(pfs: WholePfs, *changes: Change) -> Commit:
    return Commit(Repo(FILE_SETS_REPO_NAME), await pfs.create_file_set(changes))


async def composed(pfs: WholePfs, *sets: Commit) -> Commit:
    id_ = await pfs.compose_file_set([one.id for one in sets])
    return Commit(Repo(FILE_SETS_REPO_NAME), id_)


@pytest.fixture
async def source(pfs: WholePfs, branch: Branch) -> Commit:
    for path in ("/1", "/2", "/3"):
        await put(pfs, branch, path, path.encode() * 3)
    return await head_of(pfs, branch)


async def test_raw_parts_are_composed_in_order(pfs: WholePfs, branch: Branch) -> None:
    parts = [await file_set(pfs, AddFile("/p", part)) for part in (b"a", b"bb", b"")]
    whole = await composed(pfs, parts[1], parts[0], parts[2], parts[1])
    info = await pfs.inspect_file(File(whole, "/p"))
    assert (info.size_bytes, info.hash) == (5, pfs_hash(b"bbabb"))
    await put(pfs, branch, "/o", b"before")
    await pfs.modify_file(branch, [CopyFile("/o", File(whole, "/p"))])
    head = await head_of(pfs, branch)
    assert await read(pfs, head, "/o") == b"bbabb"
    assert (await pfs.inspect_file(File(head, "/o"))).hash == info.hash
    again = await composed(pfs, whole, parts[0])
    assert await read(pfs, again, "/p") == b"bbabba"


async def test_large_parts_are_one_file_also_where_it_is_copied(
    pfs: WholePfs, branch: Branch
) -> None:
    contents = (b"a" * 100_000, b"b" * 70_000, b"c" * 9)
    whole = b"".join(contents)
    parts = [await file_set(pfs, AddFile("/p", content)) for content in contents]
    at = await composed(pfs, *parts)
    await put(pfs, branch, "/o", b"before")
    await pfs.modify_file(branch, [DeleteFile("/o"), CopyFile("/o", File(at, "/p"))])
    await pfs.modify_file(branch, [CopyFile("/copy", File(await head_of(pfs, branch), "/o"))])
    await pfs.modify_file(branch, [DeleteFile("/o")])
    head = await head_of(pfs, branch)
    info = await pfs.inspect_file(File(head, "/copy"))
    assert (info.size_bytes, info.hash) == (
        len(whole),
        (await pfs.inspect_file(File(at, "/p"))).hash,
    )
    for offset, size in ((0, None), (99_999, 2), (100_000, 70_001), (170_000, None)):
        end = None if size is None else offset + size
        assert await read(pfs, head, "/copy", offset, size) == whole[offset:end]
    again = await composed(pfs, at, parts[0])
    assert await read(pfs, again, "/p") == whole + contents[0]


async def test_copied_parts_add_up_where_they_append(pfs: WholePfs, source: Commit) -> None:
    copies = [CopyFile("/p", File(source, path), append=True) for path in ("/1", "/2", "/3")]
    sets = [await file_set(pfs, copy) for copy in copies]
    raw = await file_set(pfs, AddFile("/p", b"raw"))
    whole = await composed(pfs, sets[2], raw, sets[0])
    assert await read(pfs, whole, "/p") == b"/3/3/3raw/1/1/1"


async def test_copied_parts_that_replace_leave_the_last_alone(
    pfs: WholePfs, source: Commit
) -> None:
    copies = [CopyFile("/p", File(source, path)) for path in ("/1", "/2")]
    sets = [await file_set(pfs, copy) for copy in copies]
    assert await read(pfs, await composed(pfs, *sets), "/p") == b"/2/2/2"


async def test_a_copy_outlives_its_source(pfs: WholePfs, branch: Branch, source: Commit) -> None:
    copied = await file_set(pfs, CopyFile("/p", File(source, "/1")))
    await pfs.delete_repo(branch.repo)
    assert await read(pfs, copied, "/p") == b"/1/1/1"
    await pfs.create_repo(branch.repo)
    await pfs.create_branch(branch)
    await pfs.modify_file(branch, [CopyFile("/o", File(copied, "/p"))])
    assert await read(pfs, await head_of(pfs, branch), "/o") == b"/1/1/1"


async def test_the_last_change_of_a_path_stands(
    pfs: WholePfs, branch: Branch, source: Commit
) -> None:
    await pfs.modify_file(
        branch,
        [
            DeleteFile("/o"),
            CopyFile("/o", File(source, "/1")),
            DeleteFile("/o"),
            CopyFile("/o", File(source, "/2")),
        ],
    )
    assert await read(pfs, await head_of(pfs, branch), "/o") == b"/2/2/2"


async def test_a_file_set_is_listed(pfs: WholePfs) -> None:
    files = await file_set(pfs, *(AddFile(path, b"1") for path in ("/d/a", "/d/e/b", "/c")))
    root = File(files, "/")
    assert paths(await pfs.list_file(root)) == ["/c", "/d/"]
    walked = ["/", "/c", "/d/", "/d/a", "/d/e/", "/d/e/b"]
    assert paths(await pfs.walk_file(root)) == walked
    assert paths(await pfs.walk_file(root, Part(after="/d/a", number=2))) == walked[4:6]
    assert paths(await pfs.walk_file(File(files, "/d/e"))) == ["/d/e/", "/d/e/b"]
    with pytest.raises(NotAFile):
        await pfs.inspect_file(File(files, "/d"))
    with pytest.raises(FileNotFound):
        await pfs.inspect_file(File(files, "/x"))


async def test_a_file_set_that_is_not_there(pfs: WholePfs, branch: Branch) -> None:
    gone = Commit(Repo(FILE_SETS_REPO_NAME), GONE)
    with pytest.raises(FileSetNotFound):
        await pfs.compose_file_set([GONE])
    with pytest.raises(FileSetNotFound):
        await pfs.renew_file_set(GONE, 60)
    with pytest.raises(FileSetNotFound):
        await pfs.walk_file(File(gone, "/"))
    changes: list[Change] = [AddFile("/a", b"1"), CopyFile("/b", File(gone, "/p"))]
    with pytest.raises(FileSetNotFound) as refused:
        await pfs.modify_file(branch, changes)
    assert refused.value.change_index == 1
    with pytest.raises(FileSetNotFound) as refused:
        await pfs.create_file_set(changes)
    assert refused.value.change_index == 1
    assert await pfs.walk_file(File(await head_of(pfs, branch), "/")) == []


async def test_a_file_that_is_not_in_its_file_set_is_not_copied(
    pfs: WholePfs, branch: Branch
) -> None:
    await put(pfs, branch, "/a", b"1")
    one = await file_set(pfs, AddFile("/p", b"1"))
    changes: list[Change] = [DeleteFile("/a"), CopyFile("/a", File(one, "/q"))]
    for call in (pfs.modify_file(branch, changes), pfs.create_file_set(changes)):
        with pytest.raises(FileNotFound) as refused:
            await call
        assert refused.value.change_index == 1
    assert await read(pfs, await head_of(pfs, branch), "/a") == b"1"


async def test_a_file_set_cannot_live_too_long(pfs: WholePfs) -> None:
    one = await file_set(pfs, AddFile("/f", b"1"))
    with pytest.raises(PfsFailure, match="exceeds max ttl"):
        await pfs.renew_file_set(one.id, 86400)
    with pytest.raises(PfsFailure, match="exceeds max ttl"):
        await pfs.compose_file_set([one.id], 86400)
