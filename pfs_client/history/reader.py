"""Reads histories in the background, at a pace that pachd does not feel.

One process of a machine does it for all that share the index. What was asked for last is read
first; while somebody waits for it, without pauses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pfs_client.failures import CommitNotFound, PfsAccessDenied, PfsFailure, RepoNotFound
from pfs_client.history import chains
from pfs_client.history.chains import Chain
from pfs_client.history.change_index import ChangeIndex, IndexUnusable
from pfs_client.history.commit_changes import CommitChanges, closing
from pfs_client.history.index_file import IndexFile
from pfs_client.history.news import News
from pfs_client.interface import PfsClient
from pfs_client.observer import Observer

log = logging.getLogger("s3gateway")

PAUSE = 2.0
"""How long to pause after a commit, times what it took to read: a third of the time is used."""

_COMMITS_A_CALL = 50
_LOOK_AGAIN_SECONDS = 1.0
_TRY_AGAIN_SECONDS = 10.0


class HistoryReader:
    """Reads the chains of the index to their ends.

    Args:
        pfs: Who knows.
        file: The index's file, of which one process is the reader.
        index: The index.
        changes: Reads single commits.
        observer: Is told how many chains there are to read.
        wanted: Tells when there is one, or somebody waits.
    """

    def __init__(
        self,
        pfs: PfsClient,
        file: IndexFile,
        index: ChangeIndex,
        changes: CommitChanges,
        observer: Observer,
        wanted: News,
    ) -> None:
        self._pfs = pfs
        self._file = file
        self._index = index
        self._changes = changes
        self._observer = observer
        self._wanted = wanted
        self._waiting = 0
        self._began: dict[int, tuple[float, int]] = {}

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Somebody waits: make no pauses."""
        self._waiting += 1
        self._wanted.tell()
        try:
            yield
        finally:
            self._waiting -= 1

    async def run(self) -> None:
        """Read for ever."""
        while True:
            with self._file.one_reader() as is_ours:
                if is_ours:
                    await self._read_all()
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _read_all(self) -> None:
        while True:
            try:
                chain = self._index.look_up(chains.next_to_read)
                self._observer.histories_unread(self._index.look_up(chains.count_unread))
                if chain is None:
                    await self._wanted.wait(_LOOK_AGAIN_SECONDS)
                else:
                    await self._read_some(chain)
            except PfsAccessDenied:
                return  # somebody else who shares the index may have to read this one
            except (PfsFailure, IndexUnusable) as error:
                log.debug("histories cannot be read now: %s", error)
                await self._wanted.wait(_TRY_AGAIN_SECONDS)
            except Exception:
                log.exception("reading histories failed")
                await asyncio.sleep(_TRY_AGAIN_SECONDS)

    async def _read_some(self, chain: Chain) -> None:
        """Read some commits of a chain, or until another is wanted more."""
        self._began.setdefault(chain.id, (time.monotonic(), chain.next_number))
        assert chain.next is not None  # noqa: S101 - it was picked for that
        listed = self._pfs.list_commit(chain.repo, newest=chain.next, number=_COMMITS_A_CALL)
        try:
            async with closing(listed) as infos:
                async for info in infos:
                    began = time.monotonic()
                    is_in = await self._changes.put_older(chain, info)
                    following = self._index.look_up(chains.next_to_read)
                    if following is None or following.id != chain.id or not is_in:
                        break
                    chain = following
                    await self._pause(time.monotonic() - began)
        except (CommitNotFound, RepoNotFound):
            # Squashed, dropped, or the repo has gone: what follows it is not known any more.
            await self._index.write(chains.remove, chain.id)
        self._report(chain.id)

    async def _pause(self, seconds: float) -> None:
        if not self._waiting:
            await self._wanted.wait(seconds * PAUSE)

    def _report(self, chain_id: int) -> None:
        chain = self._index.look_up(chains.chain_of, chain_id)
        if chain is not None and chain.next is not None and not chain.is_too_large:
            return
        began, first = self._began.pop(chain_id)
        if chain is None:
            log.info("a history that is being read has changed; it is read again when asked for")
        elif chain.is_too_large:
            log.warning(
                "a history of %s is too large for --history-bytes: times in its lists are"
                " approximate",
                chain.repo,
            )
        else:
            log.info(
                "a history of %s has been read: %d commits in %.1f s",
                chain.repo, first - chain.next_number, time.monotonic() - began,
            )  # fmt: skip
