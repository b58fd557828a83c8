"""One page of a listing: which keys and common prefixes come next.

Keys sort bytewise and so do PFS's paths, so that a page seeks: it asks PFS for what comes after a
marker, and jumps over a common prefix once it has been folded. A common prefix comes after a marker
only if it is itself greater, as S3 has it: a marker inside it passes all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from handlers.addressing import ABOVE_ALL_KEYS, is_holdable_prefix, key_of, path_behind
from pfs_client.failures import FileNotFound
from pfs_client.reading.commit_cache import CommitCache
from pfs_client.values import Commit, File, FileInfo, Part

_DIRECTORY = "/"
LEAST_KEYS_AHEAD = 100
"""Of a page. Who reads smaller ones looks for something, and may jump."""

_BEHIND_A_PREFIX = 8
"""Of the keys that follow a large common prefix. More cost what they are, fewer another call."""

_LARGE_PREFIX = 25
"""How many keys of a common prefix cost as much as a call that jumps over them."""

Entry: TypeAlias = FileInfo | str
"""A key's file, or a common prefix."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: everything at a commit that begins with `prefix` and comes after `after`."""

    cache: CommitCache
    head: Commit
    prefix: str
    delimiter: str
    after: str

    @property
    def by_directory(self) -> bool:
        """Whether PFS's own directories are the common prefixes."""
        return self.delimiter == _DIRECTORY


@dataclass(slots=True)
class Page:
    """The entries of one page, in order.

    `last_name` is the key or common prefix that it ends with.
    """

    files: list[FileInfo] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    is_truncated: bool = False
    last_name: str = ""

    @property
    def count(self) -> int:
        """How many keys and common prefixes there are."""
        return len(self.files) + len(self.prefixes)

    def add(self, entries: Sequence[Entry], max_keys: int) -> None:
        """Take what comes next, as far as there is room."""
        room = max_keys - self.count
        self.is_truncated = len(entries) > room
        taken = entries[:room]
        if taken:
            self.files += [entry for entry in taken if not isinstance(entry, str)]
            self.prefixes += [entry for entry in taken if isinstance(entry, str)]
            self.last_name = _name_of(taken[-1])


def _name_of(entry: Entry) -> str:
    return entry if isinstance(entry, str) else key_of(entry.path)


async def list_page(listing: Listing, max_keys: int) -> Page:
    """Gather one page."""
    page = Page()
    if not max_keys or not is_holdable_prefix(listing.prefix):
        return page
    folding = _Folding(listing)
    after = first_marker(listing)
    # One more tells whether the page is the last.
    size = max_keys + 1
    while True:
        infos = await _piece(listing, after, size)
        # A walk also meets directories, which are no keys.
        listed = infos if listing.by_directory else [info for info in infos if info.is_file]
        entries = folding.take(listed)
        page.add(entries, max_keys)
        if page.is_truncated or len(listed) < size:
            return page
        after = folding.jump_marker or infos[-1].path
        is_large = folding.has_folded and _are_large(entries, size)
        size = min(_BEHIND_A_PREFIX if is_large else size * 2, max_keys + 1)


async def _piece(listing: Listing, after: str, size: int) -> list[FileInfo]:
    call = listing.cache.list_file if listing.by_directory else listing.cache.walk_file
    try:
        return await call(_directory(listing), _part(listing, after, size))
    except FileNotFound:
        return []


def ask_ahead(listing: Listing, page: Page, max_keys: int) -> asyncio.Task[None] | None:
    """Have what the next page begins with asked for; cancel that if the client goes."""
    if not page.is_truncated or max_keys < LEAST_KEYS_AHEAD:
        return None
    after = first_marker(replace(listing, after=page.last_name))
    call = listing.cache.list_ahead if listing.by_directory else listing.cache.walk_ahead
    return call(_directory(listing), _part(listing, after, max_keys + 1))


def _directory(listing: Listing) -> File:
    return File(listing.head, "/" + listing.prefix.rpartition("/")[0])


def _part(listing: Listing, after: str, size: int) -> Part:
    """So many entries of the directory, or so many files with what else a walk meets."""
    prefix = "/" + listing.prefix
    if listing.by_directory:
        return Part(after, prefix, number=size)
    return Part(after, prefix, files=size)


def _are_large(entries: Sequence[Entry], size: int) -> bool:
    """Whether so many files made so few entries that the next may be a large common prefix, too."""
    return len(entries) < 2 or len(entries) * _LARGE_PREFIX < size


class _Folding:
    """Turns what PFS lists, in order, into keys and common prefixes."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._folded = ""

    @property
    def has_folded(self) -> bool:
        """Whether the last key was folded."""
        return bool(self._folded)

    @property
    def jump_marker(self) -> str:
        """What to go on behind, if the last key was folded: the end of its common prefix."""
        return end_of_prefix(self._folded) if self._folded else ""

    def take(self, listed: list[FileInfo]) -> Sequence[Entry]:
        """The entries that files, and directories if those are listed, make."""
        if self._listing.by_directory:  # each makes one, so that no page needs a second piece
            return [info if info.is_file else key_of(info.path) for info in listed]
        if not self._listing.delimiter:
            return listed
        return [entry for info in listed if (entry := self._entry(info)) is not None]

    def _entry(self, info: FileInfo) -> Entry | None:
        """What a file makes; None if it lies in the common prefix before, or before the page."""
        common = common_prefix(key_of(info.path), self._listing)
        is_new = common != self._folded and common > self._listing.after
        self._folded = common
        if not common:
            return info
        return common if is_new else None


def common_prefix(name: str, listing: Listing) -> str:
    """The common prefix that a name is folded into; empty where it stands for itself."""
    if not listing.delimiter or not name.startswith(listing.prefix):
        return ""
    at = name.find(listing.delimiter, len(listing.prefix))
    return "" if at < 0 else name[: at + len(listing.delimiter)]


def end_of_prefix(prefix: str) -> str:
    """A path behind everything that begins with a prefix, and before all else that comes later."""
    return path_behind(prefix + ABOVE_ALL_KEYS)


def first_marker(listing: Listing) -> str:
    """What to begin behind: the marker, or else the last thing below the prefix."""
    if not listing.prefix or listing.after >= listing.prefix:
        passed = common_prefix(listing.after, listing)
        return end_of_prefix(passed) if passed else path_behind(listing.after)
    below = listing.prefix[:-1] + chr(ord(listing.prefix[-1]) - 1)
    return end_of_prefix(below)
