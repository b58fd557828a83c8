"""Buckets and keys on S3's side, branches and paths on PFS's: the one place that knows both.

`branch.repo` is a branch of a repo in project `default`, `repo` alone its branch `master`, and
`branch.repo.project` a branch in another project (`docs/concepts.md`). Where buckets have versions,
a commit's id and a dot in front name a commit of that branch (`docs/history.md`). A key is a path
without its leading slash. One that PFS cannot hold is never bent to fit, as two keys must never be
one file: it cannot be written, and for who reads or deletes it is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pfs_client.values import DEFAULT_PROJECT, Branch, Repo, is_commit_id
from s3_wire.errors import InvalidBucketName, InvalidFilePath, KeyTooLongError, NoSuchKey

RESERVED_BUCKET = "-"
"""`/-/` holds the gateway's own pages; the repo `-` is still there as `master.-`."""

DEFAULT_BRANCH = "master"
MAX_KEY_BYTES = 1024
ABOVE_ALL_KEYS = "\x7f"
"""A character above every one that a key in PFS can have."""

BELOW_ALL_KEYS = "\x1f"
"""A character below every one that a key in PFS can have."""

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
# pachd refuses all of these but the backslash, which it stores and cannot read
# (`docs/pachd.md`, "Names and paths" and hazard 8).
_NOT_IN_PATHS = re.compile(r"[^\x20-\x7e]|[*?\[\]{}!()@+^\\]")


@lru_cache(maxsize=1024)
def branch_of(bucket: str) -> Branch:
    """The branch that a bucket stands for, whether it exists or not.

    Raises:
        InvalidBucketName: PFS has no branch of such a name.
    """
    parts = bucket.split(".")
    if bucket == RESERVED_BUCKET:
        raise _invalid(bucket, "/-/ holds the gateway's own pages: say master.- for the repo -")
    if len(parts) > 3:
        raise _invalid(bucket, "A bucket is named branch.repo, repo, or branch.repo.project")
    for part in parts:
        if not _NAME.fullmatch(part):
            shown = f'"{part}"' if part else "An empty name"
            raise _invalid(
                bucket, f"{shown} is not a name in PFS, which allows letters, digits, - and _"
            )
    if len(parts) == 1:
        return Branch(Repo(bucket), DEFAULT_BRANCH)
    return Branch(Repo(parts[1], parts[2] if len(parts) == 3 else DEFAULT_PROJECT), parts[0])


@dataclass(frozen=True, slots=True)
class NamedBucket:
    """What a bucket's name says: a branch, and the id of a commit of it where it names one."""

    branch: Branch
    commit_id: str = ""


@lru_cache(maxsize=1024)
def named_bucket(bucket: str, *, has_versions: bool) -> NamedBucket:
    """What a bucket's name says. Whoever asks for rights and whoever reads must both ask here.

    A first part that may be a commit's id always is one, where buckets have versions: no name may
    mean a branch today and a commit tomorrow.

    Raises:
        InvalidBucketName: PFS has no branch of such a name.
    """
    commit_id, dot, branch = bucket.partition(".")
    if not (has_versions and dot and is_commit_id(commit_id)):
        return NamedBucket(branch_of(bucket))
    if "." not in branch:
        raise _invalid(
            bucket,
            "A bucket that begins with a commit's id is named COMMIT.branch.repo or"
            " COMMIT.branch.repo.project",
        )
    return NamedBucket(branch_of(branch), commit_id)


def bucket_of(branch: Branch) -> str:
    """The bucket's name, as listings show it."""
    name = f"{branch.name}.{branch.repo.name}"
    return name if branch.repo.project == DEFAULT_PROJECT else f"{name}.{branch.repo.project}"


def path_of(key: str) -> str:
    """The path that a key stands for.

    Raises:
        KeyTooLongError: The key is longer than S3 allows.
        InvalidFilePath: PFS cannot hold it; the message names the character and the rule.
    """
    _check_length(key)
    if forbidden := _NOT_IN_PATHS.search(key):
        raise _unholdable(
            key,
            f"the character {_shown(forbidden[0])} is not allowed; PFS takes printable ASCII except"
            " * ? [ ] { } ! ( ) @ + ^ and \\",
        )
    for part in key.split("/"):
        if part in ("", ".", ".."):
            what = f'a component "{part}"' if part else "an empty component (a leading / or //)"
            raise _unholdable(key, f"{what} is not allowed between slashes")
    return "/" + key


def key_of(path: str) -> str:
    """The key of a path. A directory's ends with a slash, as a common prefix does."""
    return path[1:]


def is_directory_marker(key: str) -> bool:
    """Whether a key is one that tools write to make a folder appear; PFS stores no such thing."""
    return key.endswith("/")


def directory_of(key: str) -> str:
    """The path of the directory that a directory marker stands for.

    Raises:
        KeyTooLongError: The key is longer than S3 allows.
        InvalidFilePath: PFS cannot hold such a directory; the message names the rule.
    """
    _check_length(key)
    return path_of(key[:-1])


def readable_path(key: str) -> str:
    """The path of the file that a key is, or of the directory that a directory marker stands for.

    Raises:
        KeyTooLongError: The key is longer than S3 allows.
        NoSuchKey: PFS can hold no such file; the reason names the character and the rule.
    """
    try:
        return directory_of(key) if is_directory_marker(key) else path_of(key)
    except InvalidFilePath as unholdable:
        raise NoSuchKey(unholdable.message, Key=key) from None


def is_holdable_prefix(prefix: str) -> bool:
    """Whether any key in PFS can begin with this."""
    directory, slash, _ = prefix.rpartition("/")
    if _NOT_IN_PATHS.search(prefix):
        return False
    return not slash or not any(part in ("", ".", "..") for part in directory.split("/"))


def path_behind(marker: str) -> str:
    """A path behind which PFS lists what S3 lists behind any marker, even one that is no key.

    Keys in PFS are printable ASCII: what follows the first character above that can be replaced
    by one that is above all of them. And one that is below all of them, put behind the marker,
    keeps PFS from taking it for the directory of that name, which comes later and would be left
    out (`docs/pachd.md`, "Listings").
    """
    for at, character in enumerate(marker):
        if character >= ABOVE_ALL_KEYS:
            return "/" + marker[:at] + ABOVE_ALL_KEYS
    return "/" + marker + BELOW_ALL_KEYS if marker else ""


def _check_length(key: str) -> None:
    size_bytes = len(key.encode())
    if size_bytes > MAX_KEY_BYTES:
        raise KeyTooLongError(Size=str(size_bytes), MaxSizeAllowed=str(MAX_KEY_BYTES))


def _shown(character: str) -> str:
    return f'"{character}"' if character.isprintable() else f"U+{ord(character):04X}"


def _invalid(bucket: str, rule: str) -> InvalidBucketName:
    return InvalidBucketName(f"{rule}.", BucketName=bucket)


def _unholdable(key: str, rule: str) -> InvalidFilePath:
    return InvalidFilePath(f"PFS cannot hold this key: {rule}.", Key=key)
