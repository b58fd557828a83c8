"""What whoever asks may do: read or write, and with which buckets.

Whether PFS allows it besides, PFS says. A bucket is compared as the branch that it stands for: it
has several names (`docs/concepts.md`), and what is allowed must be what is then used
(`docs/negative-cases.md`, row 13).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass

from handlers.addressing import DEFAULT_BRANCH, NamedBucket, bucket_of
from pfs_client.values import DEFAULT_PROJECT, Branch
from s3_wire.errors import AccessDenied
from s3_wire.version_errors import MethodNotAllowed

_PART = re.compile(r"[A-Za-z0-9_*?-]+", re.ASCII)
_READING = ("GET", "HEAD")
_ALL = "*"


@dataclass(frozen=True, slots=True)
class BucketPattern:
    """Branches whose names match: `*` stands for any characters of one part, `?` for one."""

    branch: str
    repo: str
    project: str

    @classmethod
    def read(cls, text: str) -> BucketPattern:
        """A pattern as people write it: like a bucket's name, or `*` alone for all buckets.

        Raises:
            ValueError: No bucket's name is like that.
        """
        if text == _ALL:
            return ALL_BUCKETS
        parts = text.split(".")
        if len(parts) > 3 or not all(_PART.fullmatch(part) for part in parts):
            raise ValueError(f"{text!r} is not a pattern of a bucket, such as *.images")
        if len(parts) == 1:
            return cls(DEFAULT_BRANCH, text, DEFAULT_PROJECT)
        return cls(parts[0], parts[1], parts[2] if len(parts) == 3 else DEFAULT_PROJECT)

    def matches(self, branch: Branch) -> bool:
        """Whether it stands for this branch."""
        names = (branch.name, branch.repo.name, branch.repo.project)
        patterns = (self.branch, self.repo, self.project)
        return all(map(fnmatch.fnmatchcase, names, patterns))


ALL_BUCKETS = BucketPattern(_ALL, _ALL, _ALL)


@dataclass(frozen=True, slots=True)
class Access:
    """What one may do. Without `buckets`: with all of them."""

    may_write: bool = True
    buckets: tuple[BucketPattern, ...] | None = None

    def check(self, method: str, bucket: str, named: Callable[[str], NamedBucket]) -> None:
        """See that a request with this method may be made of a bucket, or of the service.

        Whatever does not only read is taken for a write. `named` says what the bucket's name means.

        Raises:
            AccessDenied: It may not. Nothing has been looked up, so that this tells nothing.
            InvalidBucketName: No bucket can have this name.
        """
        if method not in _READING and not self.may_write:
            raise AccessDenied("This access key may only read.")
        if bucket and self.buckets is not None and not self.covers(named(bucket).branch):
            raise AccessDenied("This access key is not for this bucket.")

    def check_source(self, branch: Branch) -> None:
        """See that a copy may be made from a branch.

        Raises:
            AccessDenied: It may not.
        """
        if not self.covers(branch):
            raise AccessDenied("This access key is not for the bucket of the source.")

    def covers(self, branch: Branch) -> bool:
        """Whether it is for this branch at all, and so sees it in the list of buckets."""
        return self.buckets is None or any(one.matches(branch) for one in self.buckets)


def check_changeable(method: str, bucket: str, named: Callable[[str], NamedBucket]) -> None:
    """Refuse to write to a bucket that is a commit, whether it is there or not.

    For all operations in one place, so that none can forget it.

    Raises:
        MethodNotAllowed: It is one.
        InvalidBucketName: No bucket can have this name.
    """
    if method in _READING or not bucket or not named(bucket).commit_id:
        return
    raise MethodNotAllowed(
        f"The bucket {bucket} is a commit, which never changes: write to"
        f" {bucket_of(named(bucket).branch)}.",
        headers={"Allow": ", ".join(_READING)},
        BucketName=bucket,
    )


EVERYTHING = Access()
"""What anybody may do where there are no keys."""
