from __future__ import annotations

import os

import pytest

from pfs_client.failures import (
    CommitFailed,
    ConditionFailed,
    FileNotFound,
    InvalidPath,
    NotAFile,
    PathCollision,
    PfsFailure,
    RepoNotFound,
)
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    ExpectFile,
    File,
    FileType,
    Part,
    Repo,
)
from pfs_client.whole_pfs import WholePfs
from tests.pfs_contract.conftest import REMOTE
from tests.pfs_contract.reading import head_of, paths, pfs_hash, put, read

ORDERED = [
    "a.txt",
    "a-b",
    "a/x",
    "a/y/z",
    "a0",
    "aB",
    "ab",
    "A",
    "B/c",
    "~",
    "_",
    "a b",
    "a#",
    "a%",
]


@pytest.fixture
async def ordered(pfs: WholePfs, branch: Branch) -> Commit:
    await pfs.modify_file(branch, [AddFile("/" + name, name.encode()) for name in ORDERED])
    return await head_of(pfs, branch)


@pytest.mark.parametrize("size", [0, 1, 1000, 64 * 1024, 64 * 1024 + 1, 1_000_000])
async def test_a_file_has_its_size_hash_and_bytes(pfs: WholePfs, branch: Branch, size: int) -> None:
    content = os.urandom(size)
    await put(pfs, branch, "/d/f", content)
    head = await head_of(pfs, branch)
    info = await pfs.inspect_file(File(head, "/d/f"))
    assert (info.path, info.file_type, info.size_bytes) == ("/d/f", FileType.FILE, size)
    assert info.hash == pfs_hash(content)
    assert info.committed == (await pfs.inspect_commit(head)).finishing
    assert await read(pfs, head, "/d/f") == content


async def test_a_large_file_comes_back_from_any_offset(pfs: WholePfs, branch: Branch) -> None:
    content = os.urandom(5 * 1024 * 1024 + 17)
    pieces = [content[at : at + 700_000] for at in range(0, len(content), 700_000)]
    await pfs.modify_file(branch, [AddFile("/big", piece) for piece in pieces])
    head = await head_of(pfs, branch)
    assert await read(pfs, head, "/big") == content
    for offset, size in [(0, 10), (1_048_570, 20), (len(content) - 3, 100), (len(content), 5)]:
        assert await read(pfs, head, "/big", offset, size) == content[offset : offset + size]
    assert await read(pfs, head, "/big", len(content) + 9) == b""


async def test_a_stream_may_be_closed_early(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/big", bytes(5 * 1024 * 1024))
    async with await pfs.get_file(File(await head_of(pfs, branch), "/big")) as stream:
        async for _ in stream:
            break


async def test_adding_appends_and_deleting_first_replaces(pfs: WholePfs, branch: Branch) -> None:
    await pfs.modify_file(branch, [AddFile("/a", b"one")])
    await pfs.modify_file(branch, [AddFile("/a", b"two")])
    assert await read(pfs, await head_of(pfs, branch), "/a") == b"onetwo"
    await pfs.modify_file(branch, [DeleteFile("/a"), AddFile("/a", b"A"), AddFile("/a", b"B")])
    assert await read(pfs, await head_of(pfs, branch), "/a") == b"AB"


async def test_appending_to_a_large_file(pfs: WholePfs, branch: Branch) -> None:
    content = os.urandom(300_000)
    await put(pfs, branch, "/a", content)
    await pfs.modify_file(branch, [AddFile("/a", b"tail")])
    head = await head_of(pfs, branch)
    assert await read(pfs, head, "/a") == content + b"tail"
    assert (await pfs.inspect_file(File(head, "/a"))).size_bytes == 300_004


async def test_changes_apply_in_order(pfs: WholePfs, branch: Branch) -> None:
    changes: list[Change] = [
        AddFile("/a", b"1"),
        DeleteFile("/a"),
        AddFile("/b", b"1"),
        AddFile("/c", b"2"),
    ]
    await pfs.modify_file(branch, [*changes, AddFile("/b", b"3")])
    head = await head_of(pfs, branch)
    assert paths(await pfs.list_file(File(head, "/"))) == ["/b", "/c"]
    assert await read(pfs, head, "/b") == b"13"


async def test_a_stream_is_all_or_nothing(pfs: WholePfs, branch: Branch) -> None:
    before = await head_of(pfs, branch)
    with pytest.raises(InvalidPath) as refused:
        await pfs.modify_file(branch, [AddFile("/m1", b"1"), AddFile("/m*2", b"2")])
    assert refused.value.reason == "globbing character (*) not allowed in path"
    assert await head_of(pfs, branch) == before


async def test_deleting(pfs: WholePfs, branch: Branch) -> None:
    await pfs.modify_file(branch, [AddFile(p, b"1") for p in ("/d/x", "/d/y/z", "/d0", "/e")])
    await pfs.modify_file(branch, [DeleteFile("/nope"), DeleteFile("/d")])
    assert len(await pfs.walk_file(File(await head_of(pfs, branch), "/d"))) == 4
    await pfs.modify_file(branch, [DeleteFile("/d/x"), DeleteFile("/d/y/z")])
    assert paths(await pfs.list_file(File(await head_of(pfs, branch), "/"))) == ["/d0", "/e"]


@pytest.mark.parametrize("pfs", REMOTE, indirect=True)
@pytest.mark.parametrize(
    "change",
    [DeleteFile("/"), DeleteFile(""), DeleteFile("/d/"), AddFile("/", b""), AddFile("", b"")],
)
async def test_what_would_do_harm_is_never_sent(
    pfs: WholePfs, branch: Branch, change: Change
) -> None:
    await put(pfs, branch, "/d/x", b"1")
    before = await head_of(pfs, branch)
    with pytest.raises(ValueError, match="never sent"):
        await pfs.modify_file(branch, [AddFile("/other", b""), change])
    assert await head_of(pfs, branch) == before


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/ü", "only printable ASCII characters allowed"),
        ("/a\tb", "only printable ASCII characters allowed"),
        (".", "relative file paths are not allowed"),
        ("a/../b", "relative file paths are not allowed"),
        ("a/./b", "relative file paths are not allowed"),
        *((f"a{c}b", f"globbing character ({c}) not allowed in path") for c in "*?[]{}!()@+^"),
    ],
)
async def test_paths_that_pfs_cannot_hold(
    pfs: WholePfs, branch: Branch, path: str, reason: str
) -> None:
    with pytest.raises(InvalidPath) as refused:
        await pfs.modify_file(branch, [AddFile(path, b"1")])
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "path", ["a b", "a$b", "a#b", "a%20b", "a&b=c", "a:b", "a~b", ".h", "a...b"]
)
async def test_paths_that_pfs_can_hold(pfs: WholePfs, branch: Branch, path: str) -> None:
    await put(pfs, branch, "/" + path, b"v")
    assert await read(pfs, await head_of(pfs, branch), "/" + path) == b"v"


@pytest.mark.parametrize(
    ("first", "second"), [("/d", "/d/x"), ("/d/x", "/d"), ("/d/x", "/d/x/y/z"), ("/d/x/y", "/d")]
)
@pytest.mark.parametrize("pfs", REMOTE, indirect=True)
async def test_pachd_takes_a_collision_and_loses_it(
    pfs: WholePfs, branch: Branch, first: str, second: str
) -> None:
    await put(pfs, branch, first, b"1")
    good = await head_of(pfs, branch)
    await pfs.modify_file(branch, [AddFile("/other", b"1"), AddFile(second, b"2")])
    head = await head_of(pfs, branch)
    assert "path collision" in (await pfs.inspect_commit(head)).error
    with pytest.raises(CommitFailed):
        await pfs.walk_file(File(head, "/"))
    await put(pfs, branch, "/later", b"3")
    walked = await pfs.walk_file(File(await head_of(pfs, branch), "/"))
    was = {info.path for info in await pfs.walk_file(File(good, "/"))}
    assert {info.path for info in walked} == was | {"/later"}


@pytest.mark.parametrize(
    ("first", "second"), [("/d", "/d/x"), ("/d/x", "/d"), ("/d/x", "/d/x/y/z"), ("/d/x/y", "/d")]
)
@pytest.mark.parametrize("pfs", ["embedded"], indirect=True)  # pachd takes them, as the test above
async def test_a_file_and_a_directory_never_share_a_path(
    pfs: WholePfs, branch: Branch, first: str, second: str
) -> None:
    await put(pfs, branch, first, b"1")
    with pytest.raises(PathCollision) as refused:
        await pfs.modify_file(branch, [AddFile("/other", b"1"), AddFile(second, b"2")])
    assert (refused.value.path, refused.value.existing) == (second, first)
    with pytest.raises(PathCollision):
        await put(pfs, branch, second, b"2")  # it deletes what is not there, and frees nothing
    head = await head_of(pfs, branch)
    assert await read(pfs, head, first) == b"1"
    await pfs.modify_file(branch, [DeleteFile(first), AddFile(second, b"2")])
    assert await read(pfs, await head_of(pfs, branch), second) == b"2"


@pytest.mark.parametrize("pfs", ["embedded"], indirect=True)
@pytest.mark.parametrize("between", ["/d/x", "/e"])
async def test_a_path_that_was_just_free_may_be_taken_again(
    pfs: WholePfs, branch: Branch, between: str
) -> None:
    await put(pfs, branch, "/d", b"1")
    changes: list[Change] = [DeleteFile("/d"), AddFile(between, b"2"), AddFile("/d", b"3")]
    if between == "/e":
        await pfs.modify_file(branch, changes)
    else:
        with pytest.raises(PathCollision):
            await pfs.modify_file(branch, changes)
    expected = b"3" if between == "/e" else b"1"
    assert await read(pfs, await head_of(pfs, branch), "/d") == expected


async def test_the_order_of_a_listing(pfs: WholePfs, ordered: Commit) -> None:
    root = File(ordered, "/")
    listed = paths(await pfs.list_file(root))
    assert listed == [
        "/A", "/B/", "/_", "/a b", "/a#", "/a%", "/a-b", "/a.txt", "/a/", "/a0", "/aB", "/ab", "/~",
    ]  # fmt: skip
    walked = paths(await pfs.walk_file(root))
    assert walked == [
        "/", "/A", "/B/", "/B/c", "/_", "/a b", "/a#", "/a%", "/a-b", "/a.txt",
        "/a/", "/a/x", "/a/y/", "/a/y/z", "/a0", "/aB", "/ab", "/~",
    ]  # fmt: skip
    assert paths(await pfs.list_file(root, Part(number=100, reverse=True))) == listed[::-1]
    assert paths(await pfs.walk_file(root, Part(number=100, reverse=True))) == walked[::-1]


@pytest.mark.parametrize("number", [1, 2, 3, 5])
async def test_pages_join_up(pfs: WholePfs, ordered: Commit, number: int) -> None:
    root = File(ordered, "/")
    for call in (pfs.list_file, pfs.walk_file):
        everything = paths(await call(root))
        seen: list[str] = []
        while page := paths(await call(root, Part(after=seen[-1] if seen else "", number=number))):
            assert len(page) <= number
            seen += page
        assert seen == everything


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("/a#", ["/a%", "/a-b", "/a.txt"]),
        ("/a-a", ["/a-b", "/a.txt", "/a/"]),
        ("/a", ["/a b", "/a#", "/a%"]),
        ("/a/", ["/a0", "/aB", "/ab"]),
        ("/a/\x7f", ["/a0", "/aB", "/ab"]),
        ("/~", []),
        ("a/x", []),
    ],
)
async def test_a_marker_need_not_exist(
    pfs: WholePfs, ordered: Commit, marker: str, expected: list[str]
) -> None:
    assert paths(await pfs.list_file(File(ordered, "/"), Part(after=marker, number=3))) == expected


async def test_a_marker_names_a_directory_with_or_without_its_slash(
    pfs: WholePfs, ordered: Commit
) -> None:
    for call in (pfs.list_file, pfs.walk_file):
        listed = paths(await call(File(ordered, "/"), Part(after="/a")))
        assert listed[0] == "/a b"
        assert "/a/" not in listed
        assert "/a/" in paths(await call(File(ordered, "/"), Part(after="/a\x1f")))


async def test_listing_below_the_root(pfs: WholePfs, ordered: Commit) -> None:
    assert paths(await pfs.list_file(File(ordered, "/a"))) == ["/a/x", "/a/y/"]
    assert paths(await pfs.walk_file(File(ordered, "/a"))) == ["/a/", "/a/x", "/a/y/", "/a/y/z"]
    assert paths(await pfs.walk_file(File(ordered, "/a/x"))) == ["/a/x"]
    assert paths(await pfs.list_file(File(ordered, "/a/x"))) == ["/a/x"]
    assert await pfs.list_file(File(ordered, "/nope")) == []
    with pytest.raises(FileNotFound):
        await pfs.walk_file(File(ordered, "/nope"))
    with pytest.raises(FileNotFound):
        await pfs.walk_file(File(ordered, "/a/x/y"))
    assert await pfs.walk_file(File(ordered, "/a"), Part(after="/a/y/z")) == []
    assert await pfs.walk_file(File(ordered, "/"), Part(after="/~")) == []
    page = await pfs.walk_file(File(ordered, "/"), Part(after="/a/x", number=4))
    assert paths(page) == ["/a/y/", "/a/y/z", "/a0", "/aB"]


@pytest.mark.parametrize(
    ("prefix", "listed", "walked"),
    [
        ("/a", ["/a b", "/a#", "/a%", "/a-b", "/a.txt", "/a/", "/a0", "/aB", "/ab"],
         ["/a b", "/a#", "/a%", "/a-b", "/a.txt", "/a/", "/a/x", "/a/y/", "/a/y/z", "/a0", "/aB",
          "/ab"]),
        ("/a/", ["/a/"], ["/a/", "/a/x", "/a/y/", "/a/y/z"]),
        ("/a/y", [], ["/a/y/", "/a/y/z"]),
        ("/B/c", [], ["/B/c"]),
        ("/nope", [], []),
        ("/~~", [], []),
    ],
)  # fmt: skip
async def test_a_prefix_limits_a_listing(
    pfs: WholePfs, ordered: Commit, prefix: str, listed: list[str], walked: list[str]
) -> None:
    root = File(ordered, "/")
    assert paths(await pfs.list_file(root, Part(prefix=prefix))) == listed
    assert paths(await pfs.walk_file(root, Part(prefix=prefix))) == walked
    if len(walked) > 2:
        part = Part(walked[0] + "\x1f", prefix, number=2)
        assert paths(await pfs.walk_file(root, part)) == walked[1:3]


async def test_with_a_prefix_there_may_be_nothing(pfs: WholePfs, ordered: Commit) -> None:
    assert await pfs.walk_file(File(ordered, "/a"), Part(prefix="/a/q")) == []
    assert await pfs.walk_file(File(ordered, "/nope"), Part(prefix="/nope/q")) == []


@pytest.mark.parametrize("files", [1, 2, 9, 13, 14, 99])
async def test_a_walk_ends_after_so_many_files(pfs: WholePfs, ordered: Commit, files: int) -> None:
    root = File(ordered, "/")
    everything = await pfs.walk_file(root)
    expected = []
    for info in everything:
        expected.append(info.path)
        if sum(not path.endswith("/") for path in expected) == files:
            break
    assert paths(await pfs.walk_file(root, Part(files=files))) == expected


async def test_a_directory_with_many_files_is_one_entry(pfs: WholePfs, branch: Branch) -> None:
    names = [f"/d{d}/f{f:03}" for d in range(3) for f in range(60)]
    await pfs.modify_file(branch, [AddFile(name, b"") for name in [*names, "/d1x", "/z"]])
    root = File(await head_of(pfs, branch), "/")
    expected = ["/d0/", "/d1/", "/d1x", "/d2/", "/z"]
    assert paths(await pfs.list_file(root)) == expected
    assert paths(await pfs.list_file(root, Part(number=9, reverse=True))) == expected[::-1]
    assert paths(await pfs.list_file(root, Part(after="/d0/", number=2))) == expected[1:3]


async def test_what_a_listing_cannot_do(pfs: WholePfs, ordered: Commit) -> None:
    with pytest.raises(PfsFailure, match="number must be > 0 when reverse is true"):
        await pfs.list_file(File(ordered, "/"), Part(reverse=True))
    with pytest.raises(PfsFailure, match="cannot return more than 100000 files at a time"):
        await pfs.walk_file(File(ordered, "/"), Part(number=100_001))


async def test_a_directory_is_no_file(pfs: WholePfs, ordered: Commit) -> None:
    for path in ("/a", "/a/"):
        with pytest.raises(NotAFile):
            await pfs.inspect_file(File(ordered, path))
        with pytest.raises(NotAFile):
            await pfs.get_file(File(ordered, path))


async def test_what_is_missing_is_not_found(pfs: WholePfs, branch: Branch, ordered: Commit) -> None:
    for call in (pfs.inspect_file, pfs.get_file):
        with pytest.raises(FileNotFound):
            await call(File(ordered, "/nope"))
    with pytest.raises(RepoNotFound):
        await pfs.modify_file(Branch(Repo("no-such-repo"), "master"), [AddFile("/a", b"")])


async def test_a_negative_offset_is_never_sent(pfs: WholePfs, ordered: Commit) -> None:
    with pytest.raises(ValueError, match="negative"):
        await pfs.get_file(File(ordered, "/A"), offset=-1)


async def test_a_head_is_walked_as_its_commit_is(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/d/a", b"1")
    await put(pfs, branch, "/b", b"22")
    walked = await pfs.walk_file(File(await head_of(pfs, branch), "/"))
    assert await pfs.walk_head(branch) == walked
    assert await pfs.walk_head(branch, Part(after="/b", files=1)) == walked[2:]
    await pfs.modify_file(branch, [DeleteFile("/b")])
    assert [info.path for info in await pfs.walk_head(branch)] == ["/", "/d/", "/d/a"]


async def test_every_commit_stays_readable(pfs: WholePfs, branch: Branch) -> None:
    commits = []
    for number in range(30):
        content = str(number).encode()
        await pfs.modify_file(
            branch,
            [
                DeleteFile("/same"),
                AddFile("/same", content),
                AddFile(f"/new/{number:02}", content),
                DeleteFile(f"/new/{number - 3:02}"),
            ],
        )
        commits.append(await head_of(pfs, branch))
    for number, commit in enumerate(commits):
        kept = range(max(0, number - 2), number + 1)
        assert await read(pfs, commit, "/same") == str(number).encode()
        listed = paths(await pfs.list_file(File(commit, "/new")))
        assert listed == [f"/new/{n:02}" for n in kept]
        assert await read(pfs, commit, listed[0]) == str(kept[0]).encode()


async def test_copying(pfs: WholePfs, branch: Branch, ordered: Commit) -> None:
    await pfs.modify_file(
        branch,
        [
            CopyFile("/copy", File(ordered, "/a.txt")),
            CopyFile("/dir", File(ordered, "/a")),
            CopyFile("/A", File(ordered, "/~"), append=True),
            CopyFile("/nothing", File(ordered, "/nope")),
        ],
    )
    head = await head_of(pfs, branch)
    assert await read(pfs, head, "/copy") == b"a.txt"
    assert await read(pfs, head, "/dir/y/z") == b"a/y/z"
    assert await read(pfs, head, "/A") == b"A~"
    with pytest.raises(FileNotFound):
        await pfs.inspect_file(File(head, "/nothing"))


@pytest.mark.parametrize("size", [0, 15, 300_000])
async def test_a_file_set_is_read_and_copied_before_any_commit(
    pfs: WholePfs, branch: Branch, size: int
) -> None:
    content = os.urandom(size)
    parts = [AddFile("/f", content[at : at + 90_000]) for at in range(0, max(size, 1), 90_000)]
    file_set = Commit(Repo(FILE_SETS_REPO_NAME), await pfs.create_file_set(parts))
    info = await pfs.inspect_file(File(file_set, "/f"))
    assert info.size_bytes == size
    assert await read(pfs, file_set, "/f") == content
    await pfs.renew_file_set(file_set.id, 600)
    changes: list[Change] = [
        DeleteFile("/g"),
        CopyFile("/g", File(file_set, "/f")),
        AddFile("/h", b"beside"),
    ]
    await pfs.modify_file(branch, changes)
    head = await head_of(pfs, branch)
    assert await read(pfs, head, "/g") == content
    assert (await pfs.inspect_file(File(head, "/g"))).hash == info.hash


@pytest.mark.parametrize("pfs", ["embedded"], indirect=True)  # pachd has no compare-and-set
async def test_conditions_hold_or_nothing_happens(pfs: WholePfs, branch: Branch) -> None:
    absent: frozenset[bytes] = frozenset()
    await pfs.modify_file(branch, [ExpectFile("/a", absent), AddFile("/a", b"1")])
    with pytest.raises(ConditionFailed) as refused:
        await pfs.modify_file(branch, [AddFile("/b", b""), ExpectFile("/a", absent)])
    assert (refused.value.exists, refused.value.change_index) == (True, 1)
    several: list[Change] = [
        AddFile("/z", b""),
        ExpectFile("/a", absent),
        DeleteFile("/a"),
        ExpectFile("/a", None),
        ExpectFile("/none", None),
    ]
    with pytest.raises(ConditionFailed) as refused:
        await pfs.modify_file(branch, several)
    assert {at: also.exists for at, also in refused.value.others.items()} == {4: False}
    del several[0]
    with pytest.raises(ConditionFailed) as refused:
        await pfs.modify_file(branch, several)
    assert {at: also.exists for at, also in refused.value.others.items()} == {3: False}
    matching = frozenset([pfs_hash(b"0"), pfs_hash(b"1")])
    await pfs.modify_file(branch, [ExpectFile("/a", matching), DeleteFile("/a")])
    with pytest.raises(ConditionFailed) as refused:
        await pfs.modify_file(branch, [ExpectFile("/a", None), AddFile("/a", b"2")])
    assert refused.value.exists is False
    twice: list[Change] = [ExpectFile("/n", absent), AddFile("/n", b"1")] * 2
    with pytest.raises(ConditionFailed):
        await pfs.modify_file(branch, twice)
    assert await pfs.list_file(File(await head_of(pfs, branch), "/")) == []
