"""rclone, in the shape of the checklist."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tests.clients import checklist, steps
from tests.clients.command_line import CommandLine, all_output, code_of, output

MIB = 1024 * 1024


class Rclone(CommandLine):
    """The rclone command, with a remote `pfs:`."""

    def run(self, *arguments: str | Path, content: bytes = b"") -> str:
        return output(["rclone", *arguments], content).decode()

    def make_bucket(self, bucket: str) -> None:
        self.run("mkdir", f"pfs:{bucket}")

    def bucket_exists(self, bucket: str) -> bool:
        return bucket in self.buckets()

    def buckets(self) -> list[str]:
        return self.run("lsf", "--dirs-only", "--dir-slash=false", "pfs:").splitlines()

    def remove_bucket(self, bucket: str) -> None:
        self.run("rmdir", f"pfs:{bucket}")

    def get(self, bucket: str, key: str) -> bytes:
        self.download(bucket, key, self._file)
        return self._file.read_bytes()

    def size(self, bucket: str, key: str) -> int:
        found = json.loads(self.run("lsjson", "--stat", f"pfs:{bucket}/{key}"))
        if found["IsDir"]:
            raise steps.EndsOtherwise("a directory")
        return int(found["Size"])

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        span = ["--offset", str(first), "--count", str(last - first + 1)]
        return output(["rclone", "cat", *span, f"pfs:{bucket}/{key}"])

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.run("copyto", path, f"pfs:{bucket}/{key}")

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.run("copyto", f"pfs:{bucket}/{key}", path)

    def delete(self, bucket: str, key: str) -> None:
        self.run("deletefile", f"pfs:{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self.run("delete", f"pfs:{bucket}")

    def presigned_get(self, bucket: str, key: str) -> str:
        return self.run("link", "--expire", "1m", f"pfs:{bucket}/{key}").strip()

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        more = ("-M", "--metadata-set", "colour=blue", "--metadata-set", "content-type=text/x-test")
        self.run("copyto", *more, self._file, f"pfs:{bucket}/{key}")

    def described(self, bucket: str, key: str) -> str:
        return self.run("lsjson", "--stat", "-M", f"pfs:{bucket}/{key}")

    def keys(self, bucket: str) -> list[str]:
        return sorted(self.run("lsf", "-R", "--files-only", f"pfs:{bucket}").splitlines())

    def level(self, bucket: str, prefix: str) -> list[str]:
        return [prefix + name for name in self.run("lsf", f"pfs:{bucket}/{prefix}").splitlines()]

    def keys_in_pages(self, bucket: str, page: int) -> list[str]:
        options = ("-R", "--files-only", "--s3-list-chunk", str(page), "--s3-list-version", "2")
        return sorted(self.run("lsf", *options, f"pfs:{bucket}").splitlines())

    def keys_by_version_1(self, bucket: str) -> list[str]:
        options = ("-R", "--files-only", "--s3-list-chunk", "2", "--s3-list-version", "1")
        return sorted(self.run("lsf", *options, f"pfs:{bucket}").splitlines())

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        options = ("-v", "--use-server-modtime", "--update")
        self._said = all_output(["rclone", "sync", *options, folder, f"pfs:{bucket}/{prefix}"])

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        self._said = all_output(
            ["rclone", "sync", "-v", "--size-only", f"pfs:{bucket}/{prefix}", folder]
        )

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self.run("copyto", "--s3-upload-cutoff", "5M", path, f"pfs:{bucket}/{key}")

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        self.run("rcat", f"pfs:{bucket}/{key}", content=content)

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.run("copyto", f"pfs:{bucket}/{source}", f"pfs:{bucket}/{target}")

    def move(self, bucket: str, source: str, target: str) -> None:
        self.run("moveto", f"pfs:{bucket}/{source}", f"pfs:{bucket}/{target}")

    def acl(self, bucket: str, key: str) -> None:
        self.run("copyto", "--s3-acl", "public-read", self._file, f"pfs:{bucket}/public")

    def versioning(self, bucket: str) -> None:
        self.run("backend", "versioning", f"pfs:{bucket}", "Enabled")

    def versions(self, bucket: str) -> None:
        self.run("lsf", "--s3-versions", f"pfs:{bucket}")


def own_steps(client: Rclone, bucket: str, folder: Path) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other = f"{bucket}-own"
    yield from _streams(client, other)
    yield from _syncs(client, other, folder / "own")
    yield "lsd", lambda: client.run("lsd", "pfs:")
    yield "touch", lambda: client.run("touch", f"pfs:{other}/own/a")
    yield "purge", lambda: client.run("purge", f"pfs:{other}")


def _streams(client: Rclone, bucket: str) -> Iterator[checklist.Step]:
    content = os.urandom(20 * MIB)

    def sized() -> None:
        client.run("rcat", "--size", str(len(content)), f"pfs:{bucket}/sized", content=content)
        assert client.get(bucket, "sized") == content

    def cat_of_nothing() -> None:
        assert client.run("cat", f"pfs:{bucket}/no-such-key") == ""

    def small() -> None:
        client.run("rcat", f"pfs:{bucket}/small", content=b"hello")
        assert client.get(bucket, "small") == b"hello"

    def held() -> None:
        cutoff = ("--streaming-upload-cutoff", "64M")
        client.run("rcat", *cutoff, f"pfs:{bucket}/held", content=content)
        assert client.get(bucket, "held") == content

    yield "rcat of 5 B", small
    yield "rcat --streaming-upload-cutoff", held
    yield "rcat --size", sized
    yield "cat of a missing key prints nothing", cat_of_nothing


def _syncs(client: Rclone, bucket: str, tree: Path) -> Iterator[checklist.Step]:
    def sync(*options: str) -> str:
        return all_output(["rclone", "sync", "-v", *options, tree, f"pfs:{bucket}/own"])

    def by_time() -> None:
        tree.mkdir()
        (tree / "a").write_bytes(b"1")
        two_seconds_ago = time.time() - 2  # Last-Modified has whole seconds
        os.utime(tree / "a", (two_seconds_ago, two_seconds_ago))
        sync()
        assert "a: Copied" in sync()

    def by_server_time() -> None:
        assert "Copied" not in sync("--use-server-modtime", "--update")

    def all_again() -> None:
        (tree / "a").write_bytes(b"2")
        client.run("copy", "--ignore-times", tree, f"pfs:{bucket}/own")
        assert client.get(bucket, "own/a") == b"2"

    def checked() -> None:
        client.run("check", "--size-only", tree, f"pfs:{bucket}/own")
        client.run("check", "--download", tree, f"pfs:{bucket}/own")

    yield "sync by time copies all again", by_time
    yield "sync --use-server-modtime --update", by_server_time
    yield "copy --ignore-times sends all", all_again
    yield "check --size-only, check --download", checked


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        client, bucket = Rclone(Path(name)), steps.bucket()
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket, Path(name)))
        steps.print_outcomes(steps.run_steps(both, code_of))
