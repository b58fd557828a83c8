"""PFS's nouns, as pfs_v2 has them (`pfs_client/pachd/pfs_v2/pfs.proto`).

Paths begin with `/`; a directory's path, where PFS gives one, ends with `/`. Times are aware and
in UTC.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias

DEFAULT_PROJECT = "default"
FILE_SETS_REPO_NAME = "__filesets__"
"""A commit of this repo, with a file set's id, stands for the file set when files are read."""

SMALL_FILE_BYTES = 1_000_000
"""Up to this size a file's hash follows from its bytes (`docs/pachd.md`, "File hashes")."""


def small_file_hash(content: bytes) -> bytes:
    """PFS's hash of a file of at most `SMALL_FILE_BYTES`."""
    digest = hashlib.blake2b(content, digest_size=32).digest()
    return hashlib.blake2b(digest, digest_size=32).digest() if content else digest


EMPTY_FILE_HASH = small_file_hash(b"")


HIDDEN_BRANCHES = "_s3gateway_"
"""How the names of branches begin that the gateway keeps its own state in: nobody's buckets."""


def is_commit_id(text: str) -> bool:
    """Whether a text may be a commit's id: a version 4 UUID in hex.

    pachd takes any other for a branch's name (`docs/pachd.md`, "Commit ids").
    """
    return _COMMIT_ID.fullmatch(text) is not None


_COMMIT_ID = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")


class FileType(Enum):
    """What a path names."""

    FILE = 1
    DIR = 2


class OriginKind(Enum):
    """Who caused a commit: a user, or PFS itself (a branch's first head, an output's commits)."""

    USER = 1
    AUTO = 2


@dataclass(frozen=True, slots=True)
class Repo:
    """A repo's name within its project."""

    name: str
    project: str = DEFAULT_PROJECT

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch's name within its repo."""

    repo: Repo
    name: str

    @property
    def is_hidden(self) -> bool:
        """Whether it holds the gateway's own state, and is no bucket under any name."""
        return self.name.startswith(HIDDEN_BRANCHES)

    def __str__(self) -> str:
        return f"{self.repo}@{self.name}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: 32 hex digits, unique within its repo."""

    repo: Repo
    id: str

    @classmethod
    def of_file_set(cls, file_set_id: str) -> Commit:
        """What a file set is read as."""
        return cls(Repo(FILE_SETS_REPO_NAME), file_set_id)

    @property
    def is_file_set(self) -> bool:
        """Whether it is a file set, and no commit."""
        return self.repo.name == FILE_SETS_REPO_NAME

    def __str__(self) -> str:
        return f"{self.repo}@{self.id}"


@dataclass(frozen=True, slots=True)
class File:
    """A path in a commit."""

    commit: Commit
    path: str


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """What PFS says of a project."""

    name: str
    description: str
    created: datetime


@dataclass(frozen=True, slots=True)
class RepoInfo:
    """What PFS says of a repo. `branches` are names only: their times take a `list_branch`."""

    repo: Repo
    created: datetime
    branches: tuple[Branch, ...]
    size_bytes_upper_bound: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class BranchInfo:
    """What PFS says of a branch.

    `direct_provenance` is what a pipeline computes the branch from: such a branch is an output
    branch. `created` is None where PFS does not know it (branches older than pachd 2.7).
    """

    branch: Branch
    head: Commit
    created: datetime | None
    direct_provenance: tuple[Branch, ...] = ()
    provenance: tuple[Branch, ...] = ()
    subvenance: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """What PFS says of a commit.

    It is open until `finishing`, and its files are settled once `finished`.
    """

    commit: Commit
    origin: OriginKind
    parent: Commit | None
    started: datetime
    finishing: datetime | None
    finished: datetime | None
    error: str = ""
    size_bytes: int = 0
    description: str = ""
    branch: str = ""

    @property
    def is_open(self) -> bool:
        """Whether writes still go into it."""
        return self.finishing is None

    @property
    def closed(self) -> datetime:
        """When it was closed; while it is open, when it was begun."""
        return self.finishing or self.started


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What PFS says of a file or directory at a commit.

    `committed` is when the commit was closed, for every file in it, and None while it is open. A
    directory's size and hash cost a scan of all below it; the embedded PFS leaves them out.
    `changed` is when the commit that last changed the file was closed: pachd never says it, and the
    embedded PFS where that commit is not open.
    """

    path: str
    file_type: FileType
    committed: datetime | None
    size_bytes: int
    hash: bytes
    changed: datetime | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file, not a directory."""
        return self.file_type is FileType.FILE


@dataclass(frozen=True, slots=True)
class FoundCommit:
    """A commit that changed a path, and how many younger ones were searched before it."""

    commit: Commit
    commits_searched: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A file or directory that differs between two commits; None where it is not in one of them."""

    new: FileInfo | None
    old: FileInfo | None


class FileSetKind(Enum):
    """What of a commit a file set holds.

    All files, or what the commit itself did: its files are those that it added or replaced, and
    put into another commit it also deletes what this one deleted.
    """

    TOTAL = 0
    DIFF = 1


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a listing is wanted; all of it unless something says less.

    `after` is a path, which need not exist: only what comes after it. Slashes at its end do not
    count for what it names itself: `/a` skips the directory `/a/` too. `prefix` is what paths must
    begin with; it ends a listing early, and where to begin is for `after` to say. `number` is how
    many entries at most, `files` how many files at most, with the directories among them; 0 is no
    limit. `reverse` goes from the end; it needs a `number` and takes no `prefix`.
    """

    after: str = ""
    prefix: str = ""
    number: int = 0
    files: int = 0
    reverse: bool = False


ALL = Part()


@dataclass(frozen=True, slots=True)
class AddFile:
    """Append to the file at `path`, or create it. To replace, put a `DeleteFile` before it."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Remove the file at `path`, or all below a path that ends with `/`. None is no error."""

    path: str


@dataclass(frozen=True, slots=True)
class CopyFile:
    """Put the file (or all files of the directory) at `source` at `path`.

    In place of the file that is there, or behind its content. A missing source creates nothing.
    """

    path: str
    source: File
    append: bool = False


@dataclass(frozen=True, slots=True)
class ExpectFile:
    """Refuse the whole stream unless the file at `path` is as expected at this point of it.

    `hashes` are the ones that will do; None stands for any file, and the empty set for no file.
    pachd has nothing like it, and no client of one takes it.
    """

    path: str
    hashes: frozenset[bytes] | None

    def allows(self, hash_: bytes | None) -> bool:
        """Whether a file with this hash, or None for no file, is as expected."""
        if hash_ is None:
            return self.hashes == frozenset()
        return self.hashes is None or hash_ in self.hashes


Change: TypeAlias = AddFile | DeleteFile | CopyFile | ExpectFile
