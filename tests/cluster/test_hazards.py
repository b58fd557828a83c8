"""What pachd would do harm with is never sent to it (`docs/pachd.md`, "Hazards").

Every test in this folder ends with a look at all that came over the wire (`invariants`), so that
here it is enough to try everything that could lead there.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import string
from typing import Any
from urllib.parse import quote

import pytest

from pfs_client.pachd.hazards import check_change
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import AddFile, Branch, Commit, CopyFile, DeleteFile, File, Repo
from tests.cluster.conftest import Cluster
from tests.cluster.invariants import assert_harmless
from tests.cluster.wire import Call, Wire
from tests.pfs_contract.reading import head_of, put, read

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
LARGE = 1_500_000

NOT_HELD = set("*?[]{}!()@+^\\")
ODD_KEYS = ["d/", "/", "//", "d//", "d//x", "/d", ".", "..", "d/.", "d/..", "./d", "d/../e", "%2F"]
ODD_KEYS += ["d%2F", "*", "d*", "d\\", "\\", "d\n", "\x7f", "é", "d ", " "]


async def request(
    cluster: Cluster, method: str, target: str, headers: str = "", body: bytes = b""
) -> tuple[int, bytes]:
    """One request as it is, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


async def test_odd_keys_delete_and_add_nothing_else(cluster: Cluster) -> None:
    for kept in ("kept/x", "kept.too"):
        await cluster.s3("put_object", Bucket=BUCKET, Key=kept, Body=b"kept")
    for key in ODD_KEYS:
        target = f"/{BUCKET}/{quote(key)}"
        document = f"<Delete><Object><Key>&#{ord(key[0])};{key[1:]}</Key></Object></Delete>"
        for method, body in (("DELETE", b""), ("PUT", b""), ("PUT", b"1"), ("PUT", bytes(LARGE))):
            status, _ = await request(cluster, method, target, body=body)
            assert status < 500, (method, key)
        status, _ = await request(cluster, "POST", f"/{BUCKET}?delete", body=document.encode())
        assert status < 500, key
        await request(cluster, "DELETE", target)
    for kept in ("kept/x", "kept.too"):
        assert await cluster.content_of(kept) == b"kept"


async def test_what_is_put_under_any_character_is_got_again(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="axb/xc", Body=b"another")
    held = [c for c in string.printable if c.isprintable() and c not in NOT_HELD | {"/"}]
    assert len(held) == 95 - len(NOT_HELD) - 1

    async def there_and_back(character: str) -> None:
        key, content = f"a{character}b/{character}c", os.urandom(100)
        await cluster.s3("put_object", Bucket=BUCKET, Key=key, Body=content)
        assert await cluster.content_of(key) == content

    await asyncio.gather(*map(there_and_back, held))


async def test_characters_that_pfs_gives_a_meaning_are_refused(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="axb", Body=b"another")
    for character in NOT_HELD:
        key = {"Bucket": BUCKET, "Key": f"a{character}b"}
        refused = (400, "InvalidFilePath", False)
        assert await cluster.refusal("put_object", **key, Body=b"1") == refused
        assert await cluster.refusal("get_object", **key) == (404, "NoSuchKey", False)


async def test_a_backslash_that_others_wrote_is_read(cluster: Cluster) -> None:
    """GetFile takes patterns, in which a backslash matches none; keys with one are refused."""
    for path in ("/a\\b", "/\\", "/d\\\\/x\\-y"):
        await put(cluster.pachd, BRANCH, path, path.encode())
        head = await head_of(cluster.pachd, BRANCH)
        assert await read(cluster.pachd, head, path) == path.encode()
    listed = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert [o["Key"] for o in listed["Contents"]] == ["\\", "a\\b", "d\\\\/x\\-y"]


async def test_no_range_makes_a_negative_offset(cluster: Cluster) -> None:
    far = 10**30
    ranges = ["-1", "-0", "-5", f"-{far}", "0-", f"{far}-", "9-", "-", "--1", "-1-", "5-1", "0--1"]
    for size, one in itertools.product((0, 3, 1_000_001), ranges):
        await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=bytes(size))
        status, _ = await request(cluster, "GET", f"/{BUCKET}/a", f"Range: bytes={one}\r\n")
        assert status in (200, 206, 416), one
    assert len(cluster.wire.of("GetFile")) > 3


@pytest.mark.parametrize("size", [1, LARGE])
async def test_a_put_replaces_and_appends_nothing(cluster: Cluster, size: int) -> None:
    for content in (os.urandom(size), os.urandom(size)):
        await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=content)
        assert await cluster.content_of("a") == content
    puts = [cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=bytes([n])) for n in range(9)]
    await asyncio.gather(*puts)
    assert len(await cluster.content_of("a") or b"") == 1


async def test_emptying_a_bucket_removes_nothing_else(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="d/x", Body=b"1")
    assert (await cluster.refusal("delete_bucket", Bucket=BUCKET))[1] == "BucketNotEmpty"
    await cluster.s3("delete_object", Bucket=BUCKET, Key="d")
    assert await cluster.content_of("d/x") == b"1"


@pytest.mark.parametrize(
    "change",
    [
        DeleteFile("/"),
        DeleteFile(""),
        DeleteFile("///"),
        DeleteFile("/d/"),
        AddFile("/", b""),
        AddFile("", b""),
        CopyFile("/", File(Commit(Repo("r"), "0" * 32), "/x")),
    ],
)
def test_the_client_itself_refuses_what_does_harm(change: Any) -> None:
    with pytest.raises(ValueError, match="never sent"):
        check_change(change)


def test_the_look_at_the_wire_can_fail() -> None:
    bad = [
        pfs_pb2.ModifyFileRequest(delete_file=pfs_pb2.DeleteFile(path="/d/")),
        pfs_pb2.ModifyFileRequest(delete_file=pfs_pb2.DeleteFile(path="/")),
        pfs_pb2.ModifyFileRequest(add_file=pfs_pb2.AddFile(path="/a")),
    ]
    for message in bad:
        wire = Wire()
        wire.calls.append(Call("ModifyFile", [message]))
        with pytest.raises(AssertionError):
            assert_harmless(wire)
    for request in (
        pfs_pb2.GetFileRequest(offset=-1),
        pfs_pb2.GetFileRequest(file=pfs_pb2.File(path="/a*")),
        pfs_pb2.GetFileRequest(file=pfs_pb2.File(path="/a\\b")),
    ):
        wire = Wire()
        wire.calls.append(Call("GetFile", [request]))
        with pytest.raises(AssertionError):
            assert_harmless(wire)
