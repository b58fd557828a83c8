"""What is known of files' changes without a call: our own last commits, and the index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cachetools import LRUCache

from pfs_client.history import chains
from pfs_client.history.chains import Chain, Place
from pfs_client.history.change_index import ChangeIndex, IndexUnusable
from pfs_client.history.own_changes import OwnChanges
from pfs_client.values import Commit

_FOUND_KEPT = 10_000
_PAGES_KEPT = 64


@dataclass(slots=True)
class Looked:
    """What is known of some files at a commit.

    `chain` is where the commit stands, None where it is not in the index. Of the `missing` files
    the `younger` ones have changed since that commit, or gone, so that the index has forgotten when
    they changed before.
    """

    times: dict[str, datetime] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    younger: set[str] = field(default_factory=set)
    chain: Chain | None = None

    @property
    def may_come(self) -> bool:
        """Whether what is missing may be found when more has been read."""
        if self.chain is None:
            return True
        is_read = self.chain.next is None or self.chain.is_too_large
        return not is_read and not self.missing <= self.younger


class LookUps:
    """Looks files up.

    Args:
        index: The index.
        own: Commits of ours that are not in it yet.
    """

    def __init__(self, index: ChangeIndex, own: OwnChanges) -> None:
        self._index = index
        self._own = own
        self._pages: LRUCache[tuple[Commit, frozenset[str]], dict[str, datetime]] = LRUCache(
            _PAGES_KEPT
        )
        self._found: LRUCache[tuple[Commit, str], datetime] = LRUCache(_FOUND_KEPT)

    def look(self, commit: Commit, paths: Iterable[str]) -> Looked:
        """Look files up at a commit.

        Pages are remembered: to look 1,000 files up takes milliseconds of the event loop's time.
        """
        page = commit, frozenset(paths)
        known = self._pages.get(page)
        if known is not None:
            return Looked(dict(known))
        looked = self._look(commit, page[1])
        if len(page[1]) > 1 and not looked.missing:
            self._pages[page] = dict(looked.times)
        return looked

    def _look(self, commit: Commit, paths: Iterable[str]) -> Looked:
        looked = Looked(missing=set(paths))
        above, base = self._own.above(commit)
        for own in above:
            for path in [p for p in looked.missing if own.changed.get(p)]:
                self._take(looked, path, own.closed)
        if base is not None and looked.missing:
            try:
                self._in_index(base, looked)
            except IndexUnusable:
                looked.chain = None
        for path in list(looked.missing):
            self._take(looked, path, self._found.get((commit, path)))
        return looked

    def keep(self, commit: Commit, path: str, time: datetime) -> None:
        """Remember what PFS has said of a file at a commit."""
        self._found[commit, path] = time

    def closed(self, commit: Commit) -> datetime | None:
        """When a commit was closed, if it is in the index."""
        try:
            place = self._index.look_up(chains.place_of, commit)
            return None if place is None else self._index.look_up(chains.closed, place)
        except IndexUnusable:
            return None

    def oldest_read(self, chain: Chain) -> datetime | None:
        """When the oldest commit of a chain that has been read was closed."""
        try:
            return self._index.look_up(chains.oldest_read, chain)
        except IndexUnusable:
            return None

    def _in_index(self, commit: Commit, looked: Looked) -> None:
        place = self._index.look_up(chains.place_of, commit)
        if place is None:
            return
        looked.chain = self._index.look_up(chains.chain_of, place.chain_id)
        for path, changed in self._changes(place, looked.missing).items():
            if changed.at is None:
                looked.younger.add(path)
            else:
                self._take(looked, path, changed.at)
        chain = looked.chain
        if chain is not None and chain.next is None and place.number < chain.tip:
            # What has been removed since is not in the index any more.
            looked.younger |= looked.missing

    def _changes(self, place: Place, paths: Iterable[str]) -> dict[str, chains.Changed]:
        return self._index.look_up(chains.changes, place, sorted(paths))

    @staticmethod
    def _take(looked: Looked, path: str, time: datetime | None) -> None:
        if time is not None:
            looked.times[path] = time
            looked.missing.discard(path)
