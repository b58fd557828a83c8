"""What is written down of an upload, and how.

`/upload` says what it is for, and an upload exists only while that file is at its branch's HEAD:
pachd creates a missing branch for whatever is written to it, and a late part must not bring an
upload back. `/complete` says what it became.

A part is an empty file below `/uploaded/`, whose name is its record, so that one call lists all
parts: to read 10,000 files would take as many.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pfs_client.values import HIDDEN_BRANCHES, Branch, Commit, Repo

UPLOAD_PATH = "/upload"
COMPLETION_PATH = "/complete"
PARTS_PATH = "/uploaded/"
"""Behind the other two, so that these are found without a look at any part."""

_BRANCHES = f"{HIDDEN_BRANCHES}upload_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_DIGITS = 14
"""Enough for two thousand years, and an even number."""

_ID = re.compile(r"u-([0-9a-f]{32})")
_PART = re.compile(
    r"(\d{5})-(\d{16})-([0-9a-f]{8})-(\d+)-([0-9a-f]{64})-([0-9a-f]*)-(.+)", re.ASCII
)


def new_upload_id(started: datetime) -> str:
    """An id for an upload. It is no UUID, which pachd would take for a commit's.

    The ids of later uploads are greater, as S3 lists the uploads of one key in the order in which
    they were begun, and pages by id.
    """
    started_us = (started - _EPOCH) // timedelta(microseconds=1)
    return f"u-{started_us:0{_TIME_DIGITS}x}{secrets.token_hex((32 - _TIME_DIGITS) // 2)}"


def is_upload_id(text: str) -> bool:
    """Whether an upload could have this id."""
    return _ID.fullmatch(text) is not None


def upload_branch(repo: Repo, upload_id: str) -> Branch | None:
    """The branch of an upload; None if no upload has such an id."""
    match = _ID.fullmatch(upload_id)
    return Branch(repo, _BRANCHES + match[1]) if match else None


def upload_id_of(branch: Branch) -> str | None:
    """The id of the upload that a branch is; None if it is something else."""
    digits = branch.name.removeprefix(_BRANCHES)
    upload_id = f"u-{digits}"
    return upload_id if branch.name.startswith(_BRANCHES) and _ID.fullmatch(upload_id) else None


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload: which file it is to become, and since when.

    `algorithm` is that of the checksums of its parts, `checksum_type` what the whole one is made
    of; both are empty where there is none.
    """

    id: str
    target: Branch
    path: str
    started: datetime
    algorithm: str = ""
    checksum_type: str = ""

    @property
    def branch(self) -> Branch:
        """Where its records are."""
        return Branch(self.target.repo, _BRANCHES + self.id.removeprefix("u-"))

    def written(self) -> bytes:
        """As it is kept."""
        return json.dumps(
            {
                "branch": self.target.name,
                "path": self.path,
                "started": self.started.isoformat(),
                "algorithm": self.algorithm,
                "checksum_type": self.checksum_type,
            }
        ).encode()


def read_upload(branch: Branch, content: bytes) -> Upload:
    """An upload as it was kept on its branch."""
    kept = json.loads(content)
    return Upload(
        upload_id_of(branch) or "",
        Branch(branch.repo, kept["branch"]),
        kept["path"],
        datetime.fromisoformat(kept["started"]),
        kept["algorithm"],
        kept["checksum_type"],
    )


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A part that has come: its bytes are a file set, which is nobody's to know.

    Of several of one number the last counts; `mark` decides between those of one microsecond.
    """

    number: int
    time_us: int
    mark: str
    size_bytes: int
    hash: bytes
    checksum: bytes
    file_set_id: str

    @property
    def modified(self) -> datetime:
        """When it came."""
        return datetime.fromtimestamp(self.time_us / 1_000_000, UTC)

    @property
    def path(self) -> str:
        """Where its record stands, and what the record says."""
        return (
            f"{PARTS_PATH}{self.number:05d}-{self.time_us:016d}-{self.mark}-{self.size_bytes}"
            f"-{self.hash.hex()}-{self.checksum.hex()}-{self.file_set_id}"
        )

    def is_newer_than(self, other: PartRecord) -> bool:
        """Whether it came after another one."""
        return (self.time_us, self.mark) > (other.time_us, other.mark)


def new_part(
    number: int, size_bytes: int, hash_: bytes, checksum: bytes, file_set_id: str
) -> PartRecord:
    """The record of a part that has just come."""
    time_us = time.time_ns() // 1000
    return PartRecord(
        number, time_us, secrets.token_hex(4), size_bytes, hash_, checksum, file_set_id
    )


def read_part(path: str) -> PartRecord | None:
    """A part's record; None if a file is none."""
    match = _PART.fullmatch(path.removeprefix(PARTS_PATH))
    if match is None:
        return None
    number, time_us, mark, size, hash_, checksum, file_set_id = match.groups()
    return PartRecord(
        int(number),
        int(time_us),
        mark,
        int(size),
        bytes.fromhex(hash_),
        bytes.fromhex(checksum),
        file_set_id,
    )


@dataclass(frozen=True, slots=True)
class Completion:
    """What an upload is completed as, written down before the file is.

    `digest` is that of the list of parts, `hash` the file's, and `base` the target's head before:
    if the file was written, one of the commits since did it.
    """

    digest: str
    hash: bytes
    size_bytes: int
    base: str
    time: datetime
    checksum: str = ""

    def written(self) -> bytes:
        """As it is kept."""
        return json.dumps(
            {
                "digest": self.digest,
                "hash": self.hash.hex(),
                "size_bytes": self.size_bytes,
                "base": self.base,
                "time": self.time.isoformat(),
                "checksum": self.checksum,
            }
        ).encode()

    def base_in(self, repo: Repo) -> Commit:
        """The target's head before."""
        return Commit(repo, self.base)


def read_completion(content: bytes) -> Completion:
    """A completion as it was kept."""
    kept = json.loads(content)
    return Completion(
        kept["digest"],
        bytes.fromhex(kept["hash"]),
        kept["size_bytes"],
        kept["base"],
        datetime.fromisoformat(kept["time"]),
        kept["checksum"],
    )
