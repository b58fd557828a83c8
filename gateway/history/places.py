"""What a person names: a bucket with a key or folder, and a commit or a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from handlers.addressing import branch_of, path_of
from pfs_client.values import Branch
from s3_wire.errors import S3Error

_AGE = re.compile(r"(\d{1,6})(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ID_BEGIN = re.compile(r"([0-9a-f]{8,32})(~?)")
_DATE = re.compile(r"\d{8}")
_TIME_HELP = "a time such as 2026-11-19 or 2026-11-19T08:30, or an age such as 90m, 3h, 7d or 2w"


class HistoryRefused(Exception):
    """A command cannot do what it was asked; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Place:
    """A branch, and a file or folder in it; `/` is all of it."""

    bucket: str
    branch: Branch
    path: str = "/"

    def holds(self, path: str) -> bool:
        """Whether a path is this file, or stands in this folder."""
        folder = self.path.rstrip("/") + "/"
        return path.startswith(folder) or path == self.path


def place_of(text: str) -> Place:
    """Read BUCKET, BUCKET/KEY or BUCKET/FOLDER/.

    Raises:
        HistoryRefused: PFS can have nothing of that name.
    """
    bucket, _, key = text.partition("/")
    try:
        branch = branch_of(bucket)
        path = path_of(key.removesuffix("/")) if key else "/"
    except S3Error as error:
        raise HistoryRefused(f"{text}: {error.message}") from None
    return Place(bucket, branch, path + "/" if key.endswith("/") else path)


def whole_bucket(text: str) -> Place:
    """Read BUCKET.

    Raises:
        HistoryRefused: It is a file or a folder, or PFS can have nothing of that name.
    """
    place = place_of(text)
    if place.path != "/":
        raise HistoryRefused(f"{text}: name a bucket, without a key")
    return place


@dataclass(frozen=True, slots=True)
class Moment:
    """When: a commit, by the digits that its id begins with, or a time.

    `is_before` means the commit that one is based on.
    """

    text: str
    id_begin: str = ""
    time: datetime | None = None
    is_before: bool = False


def moment_of(text: str, now: datetime) -> Moment:
    """Read a commit's id or its first digits, a time, or an age. `~` is the commit before.

    A time without a zone is of this machine's zone.

    Raises:
        HistoryRefused: It is none of them.
    """
    if age := _AGE.fullmatch(text):
        return Moment(text, time=now - timedelta(**{_UNITS[age[2]]: int(age[1])}))
    if (of_id := _ID_BEGIN.fullmatch(text)) and not _DATE.fullmatch(text):
        return Moment(text, id_begin=of_id[1], is_before=bool(of_id[2]))
    try:
        return Moment(text, time=datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError):
        raise HistoryRefused(
            f"{text} is neither a commit nor a time: give 8 to 32 digits of a commit's id,"
            f" {_TIME_HELP}"
        ) from None
