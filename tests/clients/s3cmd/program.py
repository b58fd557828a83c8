"""s3cmd, in the shape of the checklist."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tests.clients import checklist, steps
from tests.clients.command_line import CommandFailed, CommandLine, all_output, code_of, output


class S3cmd(CommandLine):
    """The s3cmd command."""

    def run(self, *arguments: str | Path) -> str:
        return output(["s3cmd", *arguments]).decode()

    def make_bucket(self, bucket: str) -> None:
        self.run("mb", f"s3://{bucket}")

    def bucket_exists(self, bucket: str) -> bool:
        try:
            self.run("ls", f"s3://{bucket}")
        except CommandFailed as error:
            if code_of(error) == "NoSuchBucket":
                return False
            raise
        return True

    def buckets(self) -> list[str]:
        return [line.split("s3://")[1] for line in self.run("ls").splitlines()]

    def location(self, bucket: str) -> str:
        said = self.run("info", f"s3://{bucket}")
        return next(line.split()[1] for line in said.splitlines() if "Location:" in line)

    def remove_bucket(self, bucket: str) -> None:
        self.run("rb", f"s3://{bucket}")

    def get(self, bucket: str, key: str) -> bytes:
        self.download(bucket, key, self._file)
        return self._file.read_bytes()

    def size(self, bucket: str, key: str) -> int:
        said = self.run("info", f"s3://{bucket}/{key}")
        return next(int(line.split()[2]) for line in said.splitlines() if "File size:" in line)

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.run("put", path, f"s3://{bucket}/{key}")

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.run("get", "--force", f"s3://{bucket}/{key}", path)

    def delete(self, bucket: str, key: str) -> None:
        self.run("del", f"s3://{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self.run("del", "--recursive", "--force", f"s3://{bucket}/")

    def presigned_get(self, bucket: str, key: str) -> str:
        return self.run("signurl", f"s3://{bucket}/{key}", "+60").strip()

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        more = ("--mime-type=text/x-test", "--add-header=x-amz-meta-colour: blue")
        self.run("put", *more, self._file, f"s3://{bucket}/{key}")

    def described(self, bucket: str, key: str) -> str:
        return self.run("info", f"s3://{bucket}/{key}")

    def keys(self, bucket: str) -> list[str]:
        found = self.run("ls", "--recursive", f"s3://{bucket}").splitlines()
        return [line.split(f"s3://{bucket}/")[1] for line in found]

    def level(self, bucket: str, prefix: str) -> list[str]:
        found = self.run("ls", f"s3://{bucket}/{prefix}").splitlines()
        return [line.split(f"s3://{bucket}/")[1] for line in found]

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        self._said = all_output(["s3cmd", "sync", f"{folder}/", f"s3://{bucket}/{prefix}/"])

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._said = all_output(["s3cmd", "sync", f"s3://{bucket}/{prefix}/", f"{folder}/"])

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self.run(*self._in_parts(), "put", path, f"s3://{bucket}/{key}")

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        output(["s3cmd", *self._in_parts(), "put", "-", f"s3://{bucket}/{key}"], content)

    def _in_parts(self) -> tuple[str, Path]:
        """Settings as the page has them, but for the one that turns multipart uploads off."""
        page = Path("~/.s3cfg").expanduser().read_text()
        self._file.write_text(page.replace("enable_multipart = False", "enable_multipart = True"))
        return "--config", self._file

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.run("cp", f"s3://{bucket}/{source}", f"s3://{bucket}/{target}")

    def move(self, bucket: str, source: str, target: str) -> None:
        self.run("mv", f"s3://{bucket}/{source}", f"s3://{bucket}/{target}")

    def acl(self, bucket: str, key: str) -> None:
        self.run("setacl", "--acl-public", f"s3://{bucket}/{key}")

    def tag(self, bucket: str, key: str) -> None:
        self.run("settagging", f"s3://{bucket}/{key}", "colour=blue")

    def versioning(self, bucket: str) -> None:
        self.run("setversioning", f"s3://{bucket}", "enable")


def own_steps(client: S3cmd, bucket: str, folder: Path) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other, tree = f"{bucket}-own", folder / "tree"
    tree.mkdir()

    def all_again() -> None:
        client.make_bucket(other)
        for content in (b"old", b"new"):
            (tree / "a").write_bytes(content)
            client.run("put", "--recursive", f"{tree}/", f"s3://{other}/tree/")
            assert client.get(other, "tree/a") == content

    yield "put --recursive sends all", all_again
    yield "la", lambda: client.run("la")
    yield "du", lambda: client.run("du", f"s3://{other}")
    yield "rb --recursive", lambda: client.run("rb", "--recursive", "--force", f"s3://{other}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        client, bucket = S3cmd(Path(name)), steps.bucket()
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket, Path(name)))
        steps.print_outcomes(steps.run_steps(both, code_of))
