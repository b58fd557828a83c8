"""aws cli, in the shape of the checklist."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tests.clients import checklist, steps
from tests.clients.command_line import CommandFailed, CommandLine, all_output, code_of, output


class AwsCli(CommandLine):
    """`aws s3` where there is a command for it, otherwise `aws s3api`."""

    def _api(self, operation: str, *arguments: str | Path) -> Any:
        printed = output(["aws", "s3api", operation, "--output", "json", *arguments])
        return json.loads(printed) if printed.strip() else {}

    def make_bucket(self, bucket: str) -> None:
        output(["aws", "s3", "mb", f"s3://{bucket}"])

    def bucket_exists(self, bucket: str) -> bool:
        try:
            self._api("head-bucket", "--bucket", bucket)
        except CommandFailed as error:
            if "404" in str(error):
                return False
            raise
        return True

    def buckets(self) -> list[str]:
        return [line.split()[2] for line in output(["aws", "s3", "ls"]).decode().splitlines()]

    def location(self, bucket: str) -> str:
        return str(self._api("get-bucket-location", "--bucket", bucket)["LocationConstraint"])

    def remove_bucket(self, bucket: str) -> None:
        output(["aws", "s3", "rb", f"s3://{bucket}"])

    def get(self, bucket: str, key: str) -> bytes:
        return output(["aws", "s3", "cp", f"s3://{bucket}/{key}", "-"])

    def size(self, bucket: str, key: str) -> int:
        return int(self._api("head-object", "--bucket", bucket, "--key", key)["ContentLength"])

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        span = f"bytes={first}-{last}"
        self._api("get-object", "--bucket", bucket, "--key", key, "--range", span, self._file)
        return self._file.read_bytes()

    def upload(self, path: Path, bucket: str, key: str) -> None:
        output(["aws", "s3", "cp", path, f"s3://{bucket}/{key}"])

    def download(self, bucket: str, key: str, path: Path) -> None:
        output(["aws", "s3", "cp", f"s3://{bucket}/{key}", path])

    def delete(self, bucket: str, key: str) -> None:
        output(["aws", "s3", "rm", f"s3://{bucket}/{key}"])

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        output(["aws", "s3", "rm", "--recursive", f"s3://{bucket}"])

    def presigned_get(self, bucket: str, key: str) -> str:
        return output(["aws", "s3", "presign", f"s3://{bucket}/{key}"]).decode().strip()

    def put_if_none_is_there(self, bucket: str, key: str, content: bytes) -> None:
        self._put_if(bucket, key, content, "--if-none-match", "*")

    def put_if_unchanged(self, bucket: str, key: str, content: bytes, etag: str) -> None:
        self._put_if(bucket, key, content, "--if-match", etag)

    def _put_if(self, bucket: str, key: str, content: bytes, *condition: str) -> None:
        self._file.write_bytes(content)
        where = ("--bucket", bucket, "--key", key, "--body", self._file)
        self._api("put-object", *where, *condition)

    def etag(self, bucket: str, key: str) -> str:
        return str(self._api("head-object", "--bucket", bucket, "--key", key)["ETag"])

    def put_with_checksums(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        for algorithm in ("CRC32", "SHA256"):
            checked = ["--checksum-algorithm", algorithm]
            output(["aws", "s3", "cp", *checked, self._file, f"s3://{bucket}/{key}"])

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        more = ["--content-type", "text/x-test", "--metadata", "colour=blue"]
        output(["aws", "s3", "cp", *more, self._file, f"s3://{bucket}/{key}"])

    def described(self, bucket: str, key: str) -> str:
        return str(self._api("head-object", "--bucket", bucket, "--key", key))

    def keys(self, bucket: str) -> list[str]:
        return self._listed(bucket, "--recursive")

    def level(self, bucket: str, prefix: str) -> list[str]:
        return [prefix + name for name in self._listed(f"{bucket}/{prefix}")]

    def keys_in_pages(self, bucket: str, page: int) -> list[str]:
        return self._listed(bucket, "--recursive", "--page-size", str(page))

    def _listed(self, where: str, *options: str) -> list[str]:
        # Date, time and size come first, or PRE before a directory.
        lines = output(["aws", "s3", "ls", *options, f"s3://{where}"]).decode().splitlines()
        return [line[31:] for line in lines]

    def keys_by_version_1(self, bucket: str) -> list[str]:
        found = self._api("list-objects", "--bucket", bucket, "--page-size", "2")
        return [one["Key"] for one in found["Contents"]]

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        self._said = all_output(["aws", "s3", "sync", folder, f"s3://{bucket}/{prefix}"])

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        self._said = all_output(["aws", "s3", "sync", f"s3://{bucket}/{prefix}", folder])

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        # As the page has it, but for one line.
        unset = Path("~/.aws/config").expanduser().read_text().replace("5GB", "8MB")
        self._file.write_text(unset)
        config = f"AWS_CONFIG_FILE={self._file}"
        output(["env", config, "aws", "s3", "cp", path, f"s3://{bucket}/{key}"])

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        output(["aws", "s3", "cp", "-", f"s3://{bucket}/{key}"], content)
        assert self.get(bucket, key) == content

    def copy(self, bucket: str, source: str, target: str) -> None:
        output(["aws", "s3", "cp", f"s3://{bucket}/{source}", f"s3://{bucket}/{target}"])

    def move(self, bucket: str, source: str, target: str) -> None:
        output(["aws", "s3", "mv", f"s3://{bucket}/{source}", f"s3://{bucket}/{target}"])

    def acl(self, bucket: str, key: str) -> None:
        where = ("--bucket", bucket, "--key", key)
        self._api("put-object-acl", *where, "--acl", "public-read")

    def tag(self, bucket: str, key: str) -> None:
        where = ("--bucket", bucket, "--key", key)
        self._api("put-object-tagging", *where, "--tagging", "TagSet=[{Key=colour,Value=blue}]")

    def versioning(self, bucket: str) -> None:
        where = ("--bucket", bucket)
        self._api("put-bucket-versioning", *where, "--versioning-configuration", "Status=Enabled")

    def versions(self, bucket: str) -> None:
        self._api("list-object-versions", "--bucket", bucket)


def own_steps(client: AwsCli, bucket: str, folder: Path) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other, tree = f"{bucket}-own", folder / "tree"
    tree.mkdir()

    def all_again() -> None:
        client.make_bucket(other)
        for content in (b"old", b"new"):
            (tree / "a").write_bytes(content)
            output(["aws", "s3", "cp", "--recursive", tree, f"s3://{other}/tree"])
            assert client.get(other, "tree/a") == content

    yield "cp --recursive sends all", all_again
    yield "rb --force", lambda: output(["aws", "s3", "rb", "--force", f"s3://{other}"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        client, bucket = AwsCli(Path(name)), steps.bucket()
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket, Path(name)))
        steps.print_outcomes(steps.run_steps(both, code_of))
