"""Files that stand where folders must, or inversely: PFS cannot hold both.

Keys that begin with another key follow it in order, so that few are held while many pass by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.history.files import each_of, side_by_side
from gateway.history.moving.exporting import all_files
from gateway.history.moving.records import Entry
from pfs_client.values import Commit
from pfs_client.whole_pfs import WholePfs

_GOES, _COMES, _STAYS = "goes", "comes", "stays"


@dataclass(frozen=True, slots=True)
class _Seen:
    key: str
    what: str


class _Above:
    """The keys that the present one begins with."""

    def __init__(self) -> None:
        self._seen: list[_Seen] = []

    def meet(self, key: str, what: str) -> Iterator[_Seen]:
        """Those that are a folder of the next key in order, and are not the same."""
        while self._seen and not key.startswith(self._seen[-1].key):
            self._seen.pop()
        for seen in self._seen:
            if key.startswith(seen.key + "/") and seen.what != what:
                yield seen
        self._seen.append(_Seen(key, what))


def must_go_first(entries: Iterator[Entry]) -> bool:
    """Whether a record removes what is in the way of what it adds. All of it is read."""
    above = _Above()
    found = False
    for entry in entries:
        for _ in above.meet(entry.key, _what_becomes_of(entry)):
            found = True
    return found


async def in_the_way(pfs: WholePfs, commit: Commit, entries: Iterator[Entry]) -> str | None:
    """A key of a commit that stays, and is in the way of what a record adds."""
    above = _Above()
    async for entry, there in side_by_side(each_of(entries), all_files(pfs, commit)):
        one = entry or there
        if one is None:
            continue
        what = _STAYS if entry is None else _what_becomes_of(entry)
        for seen in above.meet(one.key, what):
            if {seen.what, what} == {_STAYS, _COMES}:
                return seen.key if seen.what is _STAYS else one.key
    return None


def _what_becomes_of(entry: Entry) -> str:
    return _GOES if entry.is_deleted else _COMES
