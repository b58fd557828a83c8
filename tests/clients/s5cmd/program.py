"""s5cmd, in the shape of the checklist."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tests.clients import checklist, steps
from tests.clients.command_line import CommandFailed, CommandLine, all_output, code_of, output
from tests.clients.pages import blocks

MIB = 1024 * 1024
IN_PARTS = ("--part-size", "5")


class S5cmd(CommandLine):
    """The s5cmd command."""

    def run(self, *arguments: str | Path, content: bytes = b"") -> str:
        return output(["s5cmd", *arguments], content).decode()

    def _shown(self, *arguments: str) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.run("--json", *arguments).splitlines()]

    def make_bucket(self, bucket: str) -> None:
        self.run("mb", f"s3://{bucket}")

    def bucket_exists(self, bucket: str) -> bool:
        try:
            self.run("head", f"s3://{bucket}")
        except CommandFailed as error:
            if "404" in str(error):
                return False
            raise
        return True

    def buckets(self) -> list[str]:
        return [one["name"] for one in self._shown("ls")]

    def remove_bucket(self, bucket: str) -> None:
        self.run("rb", f"s3://{bucket}")

    def get(self, bucket: str, key: str) -> bytes:
        return output(["s5cmd", "cat", f"s3://{bucket}/{key}"])

    def size(self, bucket: str, key: str) -> int:
        return int(self._shown("head", f"s3://{bucket}/{key}")[0].get("size", 0))

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.run("cp", path, f"s3://{bucket}/{key}")

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.run("cp", f"s3://{bucket}/{key}", path)

    def delete(self, bucket: str, key: str) -> None:
        self.run("rm", f"s3://{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self.run("rm", f"s3://{bucket}/*")

    def presigned_get(self, bucket: str, key: str) -> str:
        return self.run("presign", "--expire", "1m", f"s3://{bucket}/{key}").strip()

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        more = ("--content-type", "text/x-test", "--metadata", "colour=blue")
        self.run("cp", *more, self._file, f"s3://{bucket}/{key}")

    def described(self, bucket: str, key: str) -> str:
        return self.run("head", f"s3://{bucket}/{key}")

    def keys(self, bucket: str) -> list[str]:
        try:
            found = self._shown("ls", f"s3://{bucket}/*")
        except CommandFailed as error:
            if "no object found" in str(error):
                return []
            raise
        return [one["key"].removeprefix(f"s3://{bucket}/") for one in found]

    def level(self, bucket: str, prefix: str) -> list[str]:
        found = self._shown("ls", f"s3://{bucket}/{prefix}")
        return [one["key"].removeprefix(f"s3://{bucket}/") for one in found]

    def keys_by_version_1(self, bucket: str) -> list[str]:
        found = self._shown("--use-list-objects-v1", "ls", f"s3://{bucket}/*")
        return [one["key"].removeprefix(f"s3://{bucket}/") for one in found]

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        self._said = all_output(["s5cmd", "sync", f"{folder}/", f"s3://{bucket}/{prefix}/"])

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        self._said = all_output(["s5cmd", "sync", f"s3://{bucket}/{prefix}/*", f"{folder}/"])

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self.run("cp", path, f"s3://{bucket}/{key}")

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        self.run("pipe", f"s3://{bucket}/{key}", content=content)

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.run("cp", f"s3://{bucket}/{source}", f"s3://{bucket}/{target}")

    def move(self, bucket: str, source: str, target: str) -> None:
        self.run("mv", f"s3://{bucket}/{source}", f"s3://{bucket}/{target}")

    def versions(self, bucket: str) -> None:
        assert self.run("ls", "--all-versions", f"s3://{bucket}/*")


def own_steps(client: S5cmd, bucket: str, folder: Path) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other, large = f"{bucket}-own", folder / "large"
    large.write_bytes(os.urandom(20 * MIB))

    def in_parts() -> None:
        client.make_bucket(other)
        client.run("cp", *IN_PARTS, large, f"s3://{other}/large")
        assert client.get(other, "large") == large.read_bytes()

    def piped() -> None:
        content = large.read_bytes()
        client.run("pipe", *IN_PARTS, f"s3://{other}/piped", content=content)
        assert client.get(other, "piped") == content

    def emptied() -> None:
        client.put(other, "a", b"hello")
        client.run("rm", f"s3://{other}/*")
        assert client.keys(other) == []
        client.remove_bucket(other)

    def several() -> None:
        commands = f"cp {large} s3://{other}/one\ncp {large} s3://{other}/two\n"
        client.run("run", content=commands.encode())
        assert client.keys(other)[-2:] == ["one", "two"]

    yield "cp --part-size 5 of 20 MiB", in_parts
    yield "pipe --part-size 5 of 20 MiB", piped
    yield "run", several
    yield "du", lambda: client.run("du", f"s3://{other}/*")
    yield "rm of a wildcard", emptied


def use_settings() -> None:
    """Take the variables that the page exports."""
    exported = blocks("s5cmd")["Settings"].at(steps.endpoint())
    os.environ.update(re.findall(r"^export (\w+)=(\S+)$", exported, re.MULTILINE))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        use_settings()
        client, bucket = S5cmd(Path(name)), steps.bucket()
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket, Path(name)))
        steps.print_outcomes(steps.run_steps(both, code_of))
