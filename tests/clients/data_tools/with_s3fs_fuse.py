"""s3fs-fuse, which mounts a bucket as a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial

import boto3

from tests.clients import steps
from tests.clients.data_tools import sizes
from tests.clients.mounts import Mount, mounted

SPECIAL = "a b%41&c'd~e=f;g#h$i,j:k.txt"
LARGE = sizes.SIZES["200 MiB"]
SOME_TIME_AGO = 1_600_000_000
NO_RIGHTS_FOR_OTHERS = 0o600


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Files of each size, and what else is done with files and folders."""
    with mounted(bucket) as mount:
        yield from _files(mount)
        yield from _changes(mount)
        yield from _cuts(mount)
        yield from _overwrites(mount)
        yield from _listing(mount)
        yield from _folders(mount, bucket)
        yield from _new_folders(mount)
        yield from _not_held(mount)
        yield from _removals(mount)


def _files(mount: Mount) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        content = os.urandom(size)
        mount.write(str(size), content)
        mount.expect(str(size), content)

    def stream() -> None:
        content = os.urandom(20 * sizes.MIB + 1)
        with (mount.top / "stream").open("wb", buffering=0) as file:
            subprocess.run(["cat"], input=content, stdout=file, check=True)
        mount.expect("stream", content)

    def moved() -> None:
        content = os.urandom(LARGE)
        mount.write("from", content)
        os.rename(mount.top / "from", mount.top / "to")
        mount.expect("to", content)
        assert not (mount.top / "from").exists()

    yield from sizes.each_size(whole)
    yield sizes.STREAM, stream
    yield sizes.MOVE, moved


def _changes(mount: Mount) -> Iterator[sizes.Step]:
    def appended(name: str, size: int) -> None:
        content = os.urandom(size)
        mount.write(name, content)
        with (mount.top / name).open("ab") as file:
            file.write(b"more")
        mount.expect(name, content + b"more")

    def in_the_middle() -> None:
        content = bytearray(os.urandom(LARGE))
        mount.write("middle", bytes(content))
        mount.again()
        with (mount.top / "middle").open("r+b") as file:
            for at in (100, LARGE // 2):
                file.seek(at)
                file.write(b"changed")
                content[at : at + 7] = b"changed"
        mount.expect("middle", bytes(content))

    yield "append to 5 B", partial(appended, "little", 5)
    yield "append to 200 MiB", partial(appended, "large", LARGE)
    yield "write into the middle of 200 MiB", in_the_middle


def _cuts(mount: Mount) -> Iterator[sizes.Step]:
    def cut(size: int) -> None:
        content = os.urandom(size)
        mount.write("cut", content)
        for length in (size + 5, size // 2):
            # By its path alone it becomes zeros in version 1.90, whatever the server.
            with (mount.top / "cut").open("r+b") as file:
                file.truncate(length)
            content = content.ljust(length, b"\0")[:length]
            mount.expect("cut", content)

    yield "truncate", partial(cut, 20 * sizes.MIB)


def _overwrites(mount: Mount) -> Iterator[sizes.Step]:
    def overwritten() -> None:
        mount.write("short", b"first")
        mount.expect("short", b"first")
        mount.write("short", b"a second one")
        mount.expect("short", b"a second one")

    def kept() -> None:
        for content in (b"first", b"a second one"):
            copied = mount.folder / "copied"
            copied.write_bytes(content)
            # It says how the file is to be while that is still open.
            _run("cp", "-a", str(copied), str(mount.top))
            mount.expect("copied", content)

    yield "overwrite", overwritten
    yield "cp -a, onto a file too", kept


def _listing(mount: Mount) -> Iterator[sizes.Step]:
    def listed() -> None:
        begun = time.time() - 1  # Last-Modified has whole seconds
        mount.write(SPECIAL, b"hello")
        mount.again()
        with os.scandir(mount.top) as entries:
            found = {entry.name: entry.stat() for entry in entries}
        assert {"0": 0, "5": 5, str(LARGE): LARGE, SPECIAL: 5}.items() <= {
            name: about.st_size for name, about in found.items()
        }.items()
        assert begun <= found[SPECIAL].st_mtime <= time.time() + 1

    yield "list sizes and times", listed


def _folders(mount: Mount, bucket: str) -> Iterator[sizes.Step]:
    tree = mount.folder / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "one").write_bytes(b"1")
    (tree / "sub" / "two").write_bytes(b"22")

    def filled() -> None:
        for key in ("tree/.keep", "tree/sub/.keep"):
            _by_another_client(bucket, key)
        shutil.copytree(tree, mount.top / "tree", dirs_exist_ok=True)
        mount.again()
        for name in ("one", "sub/two"):
            assert (mount.top / "tree" / name).read_bytes() == (tree / name).read_bytes()
        assert sorted(os.listdir(mount.top / "tree" / "sub")) == [".keep", "two"]

    def renamed() -> None:
        _by_another_client(bucket, "before/.keep")
        before, after = mount.top / "before", mount.top / "after"
        try:
            os.rename(before, after)
        except OSError:
            assert os.listdir(before) == [".keep"]
            raise
        mount.again()
        assert os.listdir(after) == [".keep"]
        assert not before.exists()

    yield "copy a tree into folders that are there", filled
    yield "rename a folder", renamed


def _new_folders(mount: Mount) -> Iterator[sizes.Step]:
    def made() -> None:
        new = mount.top / "new"
        new.mkdir()
        (new / "file").write_bytes(b"hello")

    yield "make a folder, and a file in it", made
    yield (
        "copy a tree into a new folder",
        lambda: shutil.copytree(mount.folder / "tree", mount.top / "copy"),
    )


def _not_held(mount: Mount) -> Iterator[sizes.Step]:
    def dated() -> None:
        path = mount.top / "dated"
        path.write_bytes(b"hello")
        os.utime(path, (SOME_TIME_AGO, SOME_TIME_AGO))
        path.chmod(NO_RIGHTS_FOR_OTHERS)
        mount.expect("dated", b"hello")
        about = path.stat()
        if about.st_mtime > SOME_TIME_AGO and about.st_mode & 0o777 != NO_RIGHTS_FOR_OTHERS:
            raise steps.EndsOtherwise("not kept")

    def linked() -> None:
        link = mount.top / "link"
        link.symlink_to("5")
        mount.again()
        if not link.is_symlink():
            raise steps.EndsOtherwise("not kept")

    yield "set a time and a mode", dated
    yield "make a symbolic link", linked
    yield "write a name that PFS cannot hold", partial(mount.write, "a*b", b"hello")


def _removals(mount: Mount) -> Iterator[sizes.Step]:
    def one() -> None:
        (mount.top / "5").unlink()
        names = mount.names()
        assert "5" not in names
        assert "0" in names

    def folder() -> None:
        shutil.rmtree(mount.top / "tree")
        names = mount.names()
        assert not [name for name in names if name.startswith("tree")]
        assert "0" in names

    yield "remove a file", one
    yield "remove a folder with all in it", folder


def _by_another_client(bucket: str, key: str) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=steps.endpoint(),
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key=steps.secret(),
    )
    s3.put_object(Bucket=bucket, Key=key)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


if __name__ == "__main__":
    sizes.run(own_steps)
