"""obstore, in the shape of the checklist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import NotModifiedError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Config

from tests.clients import checklist, steps
from tests.clients.client import REGION, Client

MIB = 1024 * 1024
NO_RETRIES: RetryConfig = {"max_retries": 0}


class Obstore(Client):
    """obstore's store of one bucket. It has nothing that makes buckets."""

    def _store(
        self, bucket: str, config: S3Config | None = None, retry: RetryConfig | None = None
    ) -> S3Store:
        return S3Store(
            bucket,
            endpoint=steps.endpoint(),
            region=REGION,
            access_key_id="any",
            secret_access_key=steps.secret(),
            client_options={"allow_http": True},
            config=config,
            retry_config=retry,
        )

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self._store(bucket).put(key, content, use_multipart=False)

    def get(self, bucket: str, key: str) -> bytes:
        return bytes(self._store(bucket).get(key).bytes())

    def size(self, bucket: str, key: str) -> int:
        return self._store(bucket).head(key)["size"]

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        return bytes(self._store(bucket).get_range(key, start=first, end=last + 1))

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self._store(bucket).put(key, path, use_multipart=False)

    def download(self, bucket: str, key: str, path: Path) -> None:
        with path.open("wb") as file:
            for piece in self._store(bucket).get(key):
                file.write(piece)

    def delete(self, bucket: str, key: str) -> None:
        self._store(bucket).delete(key)

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self._store(bucket).delete(list(keys))

    def presigned_get(self, bucket: str, key: str) -> str:
        return obstore.sign(self._store(bucket), "GET", key, timedelta(minutes=1))

    def presigned_put(self, bucket: str, key: str) -> str:
        return obstore.sign(self._store(bucket), "PUT", key, timedelta(minutes=1))

    def put_if_none_is_there(self, bucket: str, key: str, content: bytes) -> None:
        self._store(bucket).put(key, content, mode="create")

    def put_if_unchanged(self, bucket: str, key: str, content: bytes, etag: str) -> None:
        self._store(bucket).put(key, content, mode={"e_tag": etag}, use_multipart=False)

    def etag(self, bucket: str, key: str) -> str:
        return str(self._store(bucket).head(key)["e_tag"])

    def get_if_changed(self, bucket: str, key: str, etag: str) -> bytes:
        try:
            return bytes(self._store(bucket).get(key, options={"if_none_match": etag}).bytes())
        except NotModifiedError:
            return b""

    def put_with_checksums(self, bucket: str, key: str, content: bytes) -> None:
        self._store(bucket, {"checksum_algorithm": "SHA256"}).put(key, content, use_multipart=False)

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        attributes = {"Content-Type": "text/x-test", "colour": "blue"}
        self._store(bucket).put(key, content, attributes=attributes, use_multipart=False)

    def described(self, bucket: str, key: str) -> str:
        return str(self._store(bucket).get(key).attributes)

    def keys(self, bucket: str) -> list[str]:
        return [one["path"] for page in self._store(bucket).list() for one in page]

    def level(self, bucket: str, prefix: str) -> list[str]:
        found = self._store(bucket).list_with_delimiter(prefix)
        directories = [prefix + "/" for prefix in found["common_prefixes"]]
        return [one["path"] for one in found["objects"]] + directories

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self._store(bucket).put(key, path)

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        self._store(bucket, retry=NO_RETRIES).put(key, iter([content]))

    def copy(self, bucket: str, source: str, target: str) -> None:
        self._store(bucket, retry=NO_RETRIES).copy(source, target)

    def move(self, bucket: str, source: str, target: str) -> None:
        self._store(bucket, retry=NO_RETRIES).rename(source, target)


def own_steps(client: Obstore, bucket: str) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    store = client._store(bucket, retry=NO_RETRIES)

    def write(size: int, buffer_size: int = 10 * MIB) -> None:
        with obstore.open_writer(store, "written", buffer_size=buffer_size) as writer:
            writer.write(bytes(size))
        assert store.head("written")["size"] == size

    yield "put 5 MiB", lambda: store.put("five", bytes(5 * MIB))
    yield "put 5 MiB and a byte", lambda: store.put("five", bytes(5 * MIB + 1))
    yield "open_writer, 9 MiB", lambda: write(9 * MIB)
    yield "open_writer, 20 MiB", lambda: write(20 * MIB)
    yield "open_writer with buffer_size, 20 MiB", lambda: write(20 * MIB, buffer_size=64 * MIB)
    yield "delete what is left", lambda: store.delete(["five", "written"])


def code_of(error: Exception) -> str:
    """The code in the answer, which obstore shows whole."""
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    return found[1] if found else type(error).__name__


if __name__ == "__main__":
    with steps.bucket_of_its_own() as bucket:
        client = Obstore()
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket))
        steps.print_outcomes(steps.run_steps(both, code_of))
