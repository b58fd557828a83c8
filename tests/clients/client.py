"""What the checklist asks of a client written in Python, or driven by its command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.clients.steps import NotOffered

REGION = "us-east-1"


class Client:
    """A client with the settings that its page in `docs/clients/` gives.

    What it has nothing for stays as it is here, and its steps are left out.
    """

    # Buckets

    def make_bucket(self, bucket: str) -> None:
        raise NotOffered

    def bucket_exists(self, bucket: str) -> bool:
        raise NotOffered

    def buckets(self) -> list[str]:
        raise NotOffered

    def location(self, bucket: str) -> str:
        """The bucket's region, as the client names the only one."""
        raise NotOffered

    def remove_bucket(self, bucket: str) -> None:
        raise NotOffered

    # Objects

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Store in one PUT, whatever the size."""
        raise NotOffered

    def get(self, bucket: str, key: str) -> bytes:
        raise NotOffered

    def size(self, bucket: str, key: str) -> int:
        raise NotOffered

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        """The bytes from one to another, both included."""
        raise NotOffered

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """Store a file in one PUT."""
        raise NotOffered

    def download(self, bucket: str, key: str, path: Path) -> None:
        raise NotOffered

    def delete(self, bucket: str, key: str) -> None:
        raise NotOffered

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        raise NotOffered

    def presigned_get(self, bucket: str, key: str) -> str:
        raise NotOffered

    def presigned_put(self, bucket: str, key: str) -> str:
        raise NotOffered

    # Conditions, digests, and what is not kept

    def put_if_none_is_there(self, bucket: str, key: str, content: bytes) -> None:
        raise NotOffered

    def put_if_unchanged(self, bucket: str, key: str, content: bytes, etag: str) -> None:
        raise NotOffered

    def etag(self, bucket: str, key: str) -> str:
        raise NotOffered

    def get_if_changed(self, bucket: str, key: str, etag: str) -> bytes:
        """The content, or nothing if it still has this ETag."""
        raise NotOffered

    def put_with_checksums(self, bucket: str, key: str, content: bytes) -> None:
        """Store it with each checksum that the client can send."""
        raise NotOffered

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        """Store it as of type text/x-test, with metadata colour=blue."""
        raise NotOffered

    def described(self, bucket: str, key: str) -> str:
        """All that the client shows about an object."""
        raise NotOffered

    # Listings

    def keys(self, bucket: str) -> list[str]:
        raise NotOffered

    def level(self, bucket: str, prefix: str) -> list[str]:
        """Objects and directories (ending in /) of one directory, with the prefix."""
        raise NotOffered

    def keys_in_pages(self, bucket: str, page: int) -> list[str]:
        raise NotOffered

    def keys_by_version_1(self, bucket: str) -> list[str]:
        raise NotOffered

    # Folders

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        """Bring a folder to a bucket."""
        raise NotOffered

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        raise NotOffered

    def synced(self) -> str:
        """What the last of them said that it transferred, if it tells what need not be."""
        raise NotOffered

    # Beyond the contract

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        """Store a file of 20 MiB as the client does unless told otherwise."""
        raise NotOffered

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        """Store what comes from somewhere, of a size that is not known before."""
        raise NotOffered

    def copy(self, bucket: str, source: str, target: str) -> None:
        raise NotOffered

    def move(self, bucket: str, source: str, target: str) -> None:
        raise NotOffered

    def acl(self, bucket: str, key: str) -> None:
        """Make an object public."""
        raise NotOffered

    def tag(self, bucket: str, key: str) -> None:
        raise NotOffered

    def versioning(self, bucket: str) -> None:
        """Turn versioning on."""
        raise NotOffered

    def versions(self, bucket: str) -> None:
        """List the versions of objects."""
        raise NotOffered
