"""One page of a listing: which keys and common prefixes come next.

Keys sort bytewise and so do PFS's paths, so that a page seeks: it asks PFS for what comes after a
marker, and jumps over a common prefix once it has been folded. A common prefix comes after a marker
only if it is itself greater, as S3 has it: a marker inside it passes all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from handlers.addressing import ABOVE_ALL_KEYS, is_holdable_prefix, key_of, path_behind
from pfs_client.failures import FileNotFound
from pfs_client.reading.commit_cache import CommitCache
from pfs_client.values import Commit, File, FileInfo, Part

_DIRECTORY = "/"
LEAST_KEYS_AHEAD = 100
"""Of a page. Who reads smaller ones looks for something, and may jump."""

_BEHIND_A_PREFIX = 8
"""Of the keys that follow a common prefix. More cost what they are, fewer another call."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: everything at a commit that begins with `prefix` and comes after `after`."""

    cache: CommitCache
    head: Commit
    prefix: str
    delimiter: str
    after: str


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


async def list_page(listing: Listing, max_keys: int) -> Page:
    """Gather one page."""
    page = Page()
    if not max_keys or not is_holdable_prefix(listing.prefix):
        return page
    async for name, file in _entries(listing, max_keys):
        if page.count == max_keys:
            page.is_truncated = True
            break
        page.last_name = name
        if file is None:
            page.prefixes.append(name)
        else:
            page.files.append(file)
    return page


async def _entries(listing: Listing, wanted: int) -> AsyncIterator[tuple[str, FileInfo | None]]:
    """Keys, with their files, and common prefixes, with None, in order."""
    by_directory = listing.delimiter == _DIRECTORY
    call = listing.cache.list_file if by_directory else listing.cache.walk_file
    directory, part = _beginning(listing)
    folding = _Folding(listing, by_directory)
    # One more tells whether the page is the last; a walk also meets directories, which are no keys.
    size = wanted + 1
    while True:
        part = _of_size(part, size, by_directory=by_directory)
        try:
            infos = await call(directory, part)
        except FileNotFound:
            return
        for info in infos:
            if entry := folding.take(info):
                yield entry
        if sum(by_directory or info.is_file for info in infos) < size:
            return
        part = replace(part, after=folding.jump_marker or infos[-1].path)
        size = _next_size(size, wanted + 1, has_folded=not by_directory and folding.has_folded)


def ask_ahead(listing: Listing, page: Page, max_keys: int) -> asyncio.Task[None] | None:
    """Have what the next page begins with asked for; cancel that if the client goes."""
    if not page.is_truncated or max_keys < LEAST_KEYS_AHEAD:
        return None
    by_directory = listing.delimiter == _DIRECTORY
    directory, part = _beginning(replace(listing, after=page.last_name))
    call = listing.cache.list_ahead if by_directory else listing.cache.walk_ahead
    return call(directory, _of_size(part, max_keys + 1, by_directory=by_directory))


def _beginning(listing: Listing) -> tuple[File, Part]:
    """The directory that is listed, and where in it."""
    directory = File(listing.head, "/" + listing.prefix.rpartition("/")[0])
    return directory, Part(first_marker(listing), "/" + listing.prefix)


def _of_size(part: Part, size: int, *, by_directory: bool) -> Part:
    return replace(part, number=size) if by_directory else replace(part, files=size)


def _next_size(size: int, most: int, *, has_folded: bool) -> int:
    """How much to ask for: little behind a common prefix, as what follows may be the next one."""
    return min(_BEHIND_A_PREFIX if has_folded else size * 2, most)


class _Folding:
    """Turns what PFS lists, in order, into keys and common prefixes."""

    def __init__(self, listing: Listing, by_directory: bool) -> None:
        self._listing = listing
        self._by_directory = by_directory
        self._folded = ""

    @property
    def has_folded(self) -> bool:
        """Whether the last key was folded."""
        return bool(self._folded)

    @property
    def jump_marker(self) -> str:
        """What to go on behind, if the last key was folded: the end of its common prefix."""
        return end_of_prefix(self._folded) if self._folded else ""

    def take(self, info: FileInfo) -> tuple[str, FileInfo | None] | None:
        """The entry that a file or directory makes; None if it makes none, or no new one."""
        name = key_of(info.path)
        if not info.is_file:
            return self._take_directory(name)
        common = common_prefix(name, self._listing)
        is_new = common != self._folded and common > self._listing.after
        self._folded = common
        if not common:
            return name, info
        return (common, None) if is_new else None

    def _take_directory(self, name: str) -> tuple[str, None] | None:
        if not self._by_directory:
            return None
        self._folded = name
        return name, None


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
