"""The steps that every client is taken through, in this order.

The programs in other languages take the same ones, by the same names; what a client lacks is left
out. A step asserts what it sees: one that works has done what it says.
"""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.clients.client import REGION, Client
from tests.clients.steps import WORKS, EndsOtherwise

MIB = 1024 * 1024

SPECIAL = "odd/a b%41&c'd~e=f;g#h$i,j:k.txt"
"""Characters that PFS can hold and that somebody on the way may stumble over."""

UNHOLDABLE = "a*b"

GROUPS: dict[str, dict[str, str]] = {
    "Buckets": {
        "make a bucket": WORKS,
        "make it again": "BucketAlreadyOwnedByYou",
        "ask whether a bucket exists": WORKS,
        "list buckets": WORKS,
        "ask for a bucket's location": WORKS,
        "remove a bucket with objects": "BucketNotEmpty",
        "remove a bucket": WORKS,
        "use a missing bucket": "NoSuchBucket",
    },
    "Objects": {
        "put and get 0 B": WORKS,
        "put and get 5 B": WORKS,
        "put and get 6 MiB": WORKS,
        "put and get 20 MiB": WORKS,
        "put and get special characters": WORKS,
        "upload and download a file": WORKS,
        "get a range": WORKS,
        "get a missing key": "NoSuchKey",
        "stat a missing key": "NotFound",
        "delete": WORKS,
        "delete many": WORKS,
        "presign a GET": WORKS,
        "presign a PUT": WORKS,
    },
    "Conditions, checksums, metadata": {
        "put if none is there": WORKS,
        "put if unchanged": WORKS,
        "get if changed": WORKS,
        "put with checksums": WORKS,
        "put with metadata": WORKS,
    },
    "Listings": {
        "list all": WORKS,
        "list one level": WORKS,
        "list in pages": WORKS,
        "list by version 1": WORKS,
    },
    "Folders": {
        "sync up": WORKS,
        "sync up again, nothing is sent": WORKS,
        "sync down": WORKS,
        "sync down again, nothing is fetched": WORKS,
        "sync up a change older than HEAD": WORKS,
    },
    "Beyond the contract": {
        "put a key that PFS cannot hold": "InvalidFilePath",
        "multipart upload": "NotImplemented",
        "stream of unknown size": "NotImplemented",
        "copy": "NotImplemented",
        "move": "NotImplemented",
        "make public": "NotImplemented",
        "tag": "NotImplemented",
        "turn versioning on": "NotImplemented",
        "list versions": "NotImplemented",
    },
}
"""All steps, and how they are to end unless a client has its own way."""

Step = tuple[str, Callable[[], object]]


def steps(client: Client, bucket: str) -> Iterator[Step]:
    """All steps for one client in one bucket."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stored: list[str] = []
        yield from _making(client, bucket)
        yield from _objects(client, bucket, folder, stored)
        yield from _listings(client, bucket, stored)
        yield from _conditions(client, bucket)
        yield from _extras(client, bucket)
        yield from _folders(client, bucket, folder)
        yield from _beyond(client, bucket, folder)
        yield from _removals(client, bucket)


def _making(client: Client, bucket: str) -> Iterator[Step]:
    def exists() -> None:
        assert client.bucket_exists(bucket)
        assert not client.bucket_exists("master.no-such-repo")

    def listed() -> None:
        assert bucket in client.buckets()

    def located() -> None:
        assert client.location(bucket) in (REGION, "", "None")

    yield "make a bucket", partial(client.make_bucket, bucket)
    yield "make it again", partial(client.make_bucket, bucket)
    yield "ask whether a bucket exists", exists
    yield "list buckets", listed
    yield "ask for a bucket's location", located
    yield "use a missing bucket", partial(client.keys, "master.no-such-repo")


def _objects(client: Client, bucket: str, folder: Path, stored: list[str]) -> Iterator[Step]:
    def round_trip(key: str, size: int) -> None:
        content = os.urandom(size)
        client.put(bucket, key, content)
        stored.append(key)
        assert client.size(bucket, key) == size
        assert client.get(bucket, key) == content

    def files() -> None:
        up, down = folder / "up", folder / "down"
        up.write_bytes(os.urandom(6 * MIB))
        client.upload(up, bucket, "file")
        stored.append("file")
        client.download(bucket, "file", down)
        assert down.read_bytes() == up.read_bytes()

    def ranged() -> None:
        client.put(bucket, "hundred", bytes(range(100)))
        stored.append("hundred")
        assert client.get_range(bucket, "hundred", 10, 19) == bytes(range(10, 20))

    for name, size in {"0 B": 0, "5 B": 5, "6 MiB": 6 * MIB, "20 MiB": 20 * MIB}.items():
        key = name.replace(" ", "").lower()
        yield f"put and get {name}", partial(round_trip, key, size)
    yield "put and get special characters", partial(round_trip, SPECIAL, 5)
    yield "upload and download a file", files
    yield "get a range", ranged
    yield "get a missing key", partial(client.get, bucket, "no-such-key")
    yield "stat a missing key", partial(client.size, bucket, "no-such-key")


def _listings(client: Client, bucket: str, stored: list[str]) -> Iterator[Step]:
    def same(listed: Callable[[], list[str]]) -> None:
        seen = listed()
        assert seen == sorted(stored), seen

    def levels() -> None:
        top = client.level(bucket, "")
        assert sorted(top) == sorted([*(key for key in stored if key != SPECIAL), "odd/"]), top
        below = client.level(bucket, "odd/")
        assert below == [SPECIAL], below

    yield "list all", partial(same, lambda: client.keys(bucket))
    yield "list one level", levels
    yield "list in pages", partial(same, lambda: client.keys_in_pages(bucket, 2))
    yield "list by version 1", partial(same, lambda: client.keys_by_version_1(bucket))


def _conditions(client: Client, bucket: str) -> Iterator[Step]:
    def none_there() -> None:
        client.put_if_none_is_there(bucket, "new", b"first")
        assert _is_refused(lambda: client.put_if_none_is_there(bucket, "new", b"second"))
        assert client.get(bucket, "new") == b"first"

    def unchanged() -> None:
        client.put(bucket, "same", b"first")
        etag = client.etag(bucket, "same")
        client.put_if_unchanged(bucket, "same", b"second", etag)
        assert _is_refused(lambda: client.put_if_unchanged(bucket, "same", b"third", etag))
        assert client.get(bucket, "same") == b"second"

    def changed() -> None:
        etag = client.etag(bucket, "hundred")
        assert client.get_if_changed(bucket, "hundred", etag) == b""
        assert client.get_if_changed(bucket, "hundred", '"other-1"') == bytes(range(100))

    yield "put if none is there", none_there
    yield "put if unchanged", unchanged
    yield "get if changed", changed


def _extras(client: Client, bucket: str) -> Iterator[Step]:
    def checksums() -> None:
        client.put_with_checksums(bucket, "sum", b"hello")
        assert client.get(bucket, "sum") == b"hello"

    def metadata() -> None:
        client.put_with_metadata(bucket, "meta.json", b"{}")
        assert client.get(bucket, "meta.json") == b"{}"
        shown = client.described(bucket, "meta.json").lower()
        assert "blue" not in shown, shown
        assert "text/x-test" not in shown, shown

    yield "put with checksums", checksums
    yield "put with metadata", metadata
    yield "presign a GET", partial(_get_presigned, client, bucket)
    yield "presign a PUT", partial(_put_presigned, client, bucket)


def _get_presigned(client: Client, bucket: str) -> None:
    with urllib.request.urlopen(client.presigned_get(bucket, SPECIAL)) as answer:  # noqa: S310
        assert answer.read() == client.get(bucket, SPECIAL)


def _put_presigned(client: Client, bucket: str) -> None:
    url = client.presigned_put(bucket, "presigned")
    # Version 2 signs the Content-Type, and urllib would send one of its own.
    headers = {"Content-Type": ""}
    request = urllib.request.Request(url, b"hello", headers, method="PUT")  # noqa: S310
    with urllib.request.urlopen(request):  # noqa: S310
        assert client.get(bucket, "presigned") == b"hello"


def _is_refused(step: Callable[[], None]) -> bool:
    try:
        step()
    except Exception as refused:
        text = f"{type(refused).__name__} {refused}"
        return any(sign in text for sign in ("Precondition", "412", "pre-condition", "Exist"))
    return False


def _folders(client: Client, bucket: str, folder: Path) -> Iterator[Step]:
    tree, back = folder / "tree", folder / "back"
    (tree / "sub").mkdir(parents=True)
    contents = {"one": b"1", "two words": b"22", "sub/three": b"333"}
    for name, content in contents.items():
        (tree / name).write_bytes(content)
        _age(tree / name, 2)  # Last-Modified has whole seconds

    def up() -> None:
        client.sync_up(tree, bucket, "tree")
        for name, content in contents.items():
            assert client.get(bucket, f"tree/{name}") == content

    def down() -> None:
        client.sync_down(bucket, "tree", back)
        found = {p.relative_to(back).as_posix(): p for p in back.rglob("*") if p.is_file()}
        assert {name: p.read_bytes() for name, p in found.items()} == contents

    yield "sync up", up
    yield "sync up again, nothing is sent", partial(_again, client, tree, bucket)
    yield "sync down", down
    yield (
        "sync down again, nothing is fetched",
        partial(_down_after_a_write, client, bucket, back),
    )
    yield "sync up a change older than HEAD", partial(_old_change, client, tree, bucket)


def _age(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def _again(client: Client, tree: Path, bucket: str) -> None:
    client.sync_up(tree, bucket, "tree")
    if "three" in client.synced():
        raise EndsOtherwise("sent again")


def _down_after_a_write(client: Client, bucket: str, back: Path) -> None:
    time.sleep(1.1)  # Last-Modified has whole seconds
    client.put(bucket, "other", b"another object")
    client.sync_down(bucket, "tree", back)
    if "three" in client.synced():
        raise EndsOtherwise("fetched again")


def _old_change(client: Client, tree: Path, bucket: str) -> None:
    changed = tree / "sub" / "three"
    changed.write_bytes(b"n" * changed.stat().st_size)
    time.sleep(1.1)  # Last-Modified has whole seconds
    client.put(bucket, "other", b"another object, newer than the change")
    client.sync_up(tree, bucket, "tree")
    if client.get(bucket, "tree/sub/three") != changed.read_bytes():
        raise EndsOtherwise("missed")


def _beyond(client: Client, bucket: str, folder: Path) -> Iterator[Step]:
    large = folder / "large"
    large.write_bytes(bytes(20 * MIB))
    yield "put a key that PFS cannot hold", partial(client.put, bucket, UNHOLDABLE, b"hello")
    yield "multipart upload", partial(client.multipart, bucket, "multi", large)
    yield "stream of unknown size", partial(client.stream, bucket, "stream", bytes(20 * MIB))
    yield "copy", partial(client.copy, bucket, "hundred", "copied")
    yield "move", partial(client.move, bucket, "hundred", "moved")
    yield "make public", partial(client.acl, bucket, "hundred")
    yield "tag", partial(client.tag, bucket, "hundred")
    yield "turn versioning on", partial(client.versioning, bucket)
    yield "list versions", partial(client.versions, bucket)


def _removals(client: Client, bucket: str) -> Iterator[Step]:
    def one() -> None:
        client.delete(bucket, "5b")
        assert "5b" not in client.keys(bucket)

    def many() -> None:
        client.delete_many(bucket, client.keys(bucket))
        assert client.keys(bucket) == []

    def remove_full() -> None:
        client.make_bucket(f"{bucket}-full")
        client.put(f"{bucket}-full", "a", b"hello")
        client.remove_bucket(f"{bucket}-full")

    def removed() -> None:
        client.remove_bucket(bucket)
        assert bucket not in client.buckets()

    yield "delete", one
    yield "delete many", many
    yield "remove a bucket", removed
    yield "remove a bucket with objects", remove_full
