"""mc, in the shape of the checklist."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tests.clients import checklist, steps
from tests.clients.command_line import CommandFailed, CommandLine, all_output, code_of, output
from tests.clients.pages import blocks

MC = ("mc", "--quiet", "--no-color")
MIB = 1024 * 1024


class Mc(CommandLine):
    """The mc command, with an alias `pfs`."""

    def run(self, *arguments: str | Path, content: bytes = b"") -> str:
        return output([*MC, *arguments], content).decode()

    def make_bucket(self, bucket: str) -> None:
        self.run("mb", f"pfs/{bucket}")

    def bucket_exists(self, bucket: str) -> bool:
        try:
            self.run("ls", f"pfs/{bucket}")
        except CommandFailed as error:
            if "does not exist" in str(error):
                return False
            raise
        return True

    def buckets(self) -> list[str]:
        return [name.removesuffix("/") for name in self._listed("pfs")]

    def _listed(self, where: str, *options: str) -> list[str]:
        found = self.run("ls", "--json", *options, where).splitlines()
        return [json.loads(line)["key"] for line in found]

    def remove_bucket(self, bucket: str) -> None:
        self.run("rb", f"pfs/{bucket}")

    def get(self, bucket: str, key: str) -> bytes:
        return output([*MC, "cat", f"pfs/{bucket}/{key}"])

    def size(self, bucket: str, key: str) -> int:
        return int(json.loads(self.run("stat", "--json", f"pfs/{bucket}/{key}"))["size"])

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        found = output([*MC, "cat", "--offset", str(first), f"pfs/{bucket}/{key}"])
        return found[: last - first + 1]

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.run("cp", "--disable-multipart", path, f"pfs/{bucket}/{key}")

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.run("cp", f"pfs/{bucket}/{key}", path)

    def delete(self, bucket: str, key: str) -> None:
        self.run("rm", f"pfs/{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self.run("rm", "--recursive", "--force", f"pfs/{bucket}")

    def presigned_get(self, bucket: str, key: str) -> str:
        said = self.run("share", "download", "--json", "--expire", "1m", f"pfs/{bucket}/{key}")
        return str(json.loads(said)["share"])

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        attributes = "colour=blue;Content-Type=text/x-test"
        self.run("cp", "--attr", attributes, self._file, f"pfs/{bucket}/{key}")

    def described(self, bucket: str, key: str) -> str:
        return self.run("stat", "--json", f"pfs/{bucket}/{key}")

    def keys(self, bucket: str) -> list[str]:
        return self._listed(f"pfs/{bucket}", "--recursive")

    def level(self, bucket: str, prefix: str) -> list[str]:
        return [prefix + name for name in self._listed(f"pfs/{bucket}/{prefix}")]

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        self._said = all_output(
            [*MC, "mirror", "--overwrite", "--disable-multipart", folder, f"pfs/{bucket}/{prefix}"]
        )

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        self._said = all_output([*MC, "mirror", "--overwrite", f"pfs/{bucket}/{prefix}", folder])

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self.run("cp", path, f"pfs/{bucket}/{key}")

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        self.run("pipe", f"pfs/{bucket}/{key}", content=content)

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.run("cp", f"pfs/{bucket}/{source}", f"pfs/{bucket}/{target}")

    def move(self, bucket: str, source: str, target: str) -> None:
        self.run("mv", f"pfs/{bucket}/{source}", f"pfs/{bucket}/{target}")

    def acl(self, bucket: str, key: str) -> None:
        self.run("anonymous", "set", "public", f"pfs/{bucket}")

    def tag(self, bucket: str, key: str) -> None:
        self.run("tag", "set", f"pfs/{bucket}/{key}", "colour=blue")

    def versioning(self, bucket: str) -> None:
        self.run("version", "enable", f"pfs/{bucket}")

    def versions(self, bucket: str) -> None:
        found = self.run("ls", "--json", "--versions", f"pfs/{bucket}").splitlines()
        # Where versioning is refused mc lists what there is now, and says nothing.
        if not any("versionId" in json.loads(line) for line in found):
            raise steps.EndsOtherwise("shows no versions")


def own_steps(client: Mc, bucket: str, folder: Path) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other, large = f"{bucket}-own", folder / "large"
    large.write_bytes(os.urandom(20 * MIB))

    def put() -> None:
        client.make_bucket(other)
        client.run("put", "--part-size", "5GiB", large, f"pfs/{other}/put")
        assert client.get(other, "put") == large.read_bytes()

    def got() -> None:
        client.run("get", f"pfs/{other}/put", folder / "got")
        assert (folder / "got").read_bytes() == large.read_bytes()

    def copied() -> None:
        tree = folder / "tree"
        tree.mkdir()
        for content in (b"old", b"new"):
            (tree / "a").write_bytes(content)
            client.run("cp", "--recursive", "--disable-multipart", f"{tree}/", f"pfs/{other}/tree")
            assert client.get(other, "tree/a") == content

    yield "put --part-size 5GiB", put
    yield "get", got
    yield from _shown(client, other)
    yield "cp --recursive sends all", copied
    yield "rb --force", lambda: client.run("rb", "--force", f"pfs/{other}")


def _shown(client: Mc, bucket: str) -> Iterator[checklist.Step]:
    def described() -> None:
        assert bucket in client.run("stat", f"pfs/{bucket}")

    def found() -> None:
        assert client.run("find", f"pfs/{bucket}", "--name", "p*").split() == [f"pfs/{bucket}/put"]

    yield "stat of a bucket", described
    yield "find", found
    yield "du", lambda: client.run("du", f"pfs/{bucket}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        client, bucket = Mc(Path(name)), steps.bucket()
        output(["bash", "-c", blocks("mc")["Settings"].at(steps.endpoint())])
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket, Path(name)))
        steps.print_outcomes(steps.run_steps(both, code_of))
