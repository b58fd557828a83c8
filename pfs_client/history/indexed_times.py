"""When files changed, for a PFS that does not say it: from the index, and else from PFS itself.

Whoever asks has read the file at the branch's head, so that a time tells nobody more than he may
know. What is in the index is exact. What is not yet is waited for a little; then a file has a time
that is never earlier than its change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextvars import Context
from datetime import datetime

from pfs_client.failures import HistoryUnread, PfsFailure
from pfs_client.history.change_index import ChangeIndex
from pfs_client.history.change_times import ChangeTimes
from pfs_client.history.commit_changes import CommitChanges, changed_paths
from pfs_client.history.index_file import IndexFile
from pfs_client.history.learning import Learning
from pfs_client.history.look_ups import Looked, LookUps
from pfs_client.history.news import News
from pfs_client.history.own_changes import OwnChanges
from pfs_client.history.patience import Patience
from pfs_client.history.reader import HistoryReader
from pfs_client.interface import PfsClient
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.values import Branch, BranchInfo, Commit, FileInfo

log = logging.getLogger("s3gateway")


class IndexedTimes(ChangeTimes):
    """Says when files changed, with an index of what commits changed.

    Args:
        pfs: Who knows.
        file: Where the index is.
        max_bytes: How large it may become.
        wait_seconds: How long an answer may wait for what has not been read.
        exact: Raise `HistoryUnread` then, and give no later time.
        observer: Is told what is read, and what was not in time.
    """

    def __init__(
        self,
        pfs: PfsClient,
        file: IndexFile,
        *,
        max_bytes: int,
        wait_seconds: float,
        exact: bool = False,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._pfs = pfs
        self._wait_seconds = wait_seconds
        self._exact = exact
        self._observer = observer
        news, wanted = News(), News()
        self._index = ChangeIndex(file, max_bytes)
        self.own = OwnChanges(self._index, news)
        changes = CommitChanges(pfs, self._index, self.own, observer, news, wanted)
        self._look_ups = LookUps(self._index, self.own)
        self._learning = Learning(pfs, self._index, changes, self.own, self._look_ups, news)
        self._patience = Patience()
        self._reader = HistoryReader(pfs, file, self._index, changes, observer, wanted)
        # What is read for all is no single request's.
        loop = asyncio.get_running_loop()
        self._reading = loop.create_task(self._reader.run(), context=Context())

    async def aclose(self) -> None:
        """Stop reading, and put into the index what has finished."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._learning.aclose()
        await self.own.drain()
        await self._index.close()

    async def of_file(self, branch: BranchInfo, file: FileInfo) -> datetime | None:
        """When one file changed: from the index, or else its commit is looked for."""
        (time,) = await self._of(branch, [file], search=True)
        return time

    async def of_files(
        self, branch: BranchInfo, files: Sequence[FileInfo]
    ) -> Sequence[datetime | None]:
        """When files changed: from the index, while it is read as far as the time allows."""
        return await self._of(branch, files, search=False) if files else []

    async def _of(
        self, branch: BranchInfo, files: Sequence[FileInfo], *, search: bool
    ) -> list[datetime | None]:
        wanted = {file.path for file in files}
        base: Commit | None = branch.head
        committed = files[0].committed
        if committed is None:
            base, changing = await self._open_head(branch.head, wanted)
            wanted -= changing
        if base is None or not wanted:
            return [None for _ in files]
        looked = self._look_ups.look(base, wanted)
        if looked.missing:
            looked = await self._wait_for(branch, base, looked, search=search)
        if looked.missing:
            self._approximate(looked, committed)
        return [looked.times.get(file.path) for file in files]

    async def _open_head(
        self, head: Commit, wanted: Iterable[str]
    ) -> tuple[Commit | None, set[str]]:
        """What an open head is based on, and which of some files it has changed so far."""
        paths = set(wanted)
        last = max(paths)
        changing: set[str] = set()
        try:
            info = await self._pfs.inspect_commit(head)
            async for page in changed_paths(self._pfs, head):
                changing.update(paths.intersection(page))
                if page and page[-1] >= last:
                    break
        except PfsFailure as error:
            log.debug("what the open commit %s has changed cannot be read: %s", head, error)
            return None, paths
        return info.parent, changing

    async def _wait_for(
        self, branch: BranchInfo, commit: Commit, looked: Looked, *, search: bool
    ) -> Looked:
        """Learn what is missing, as long as an answer may wait."""
        end = asyncio.get_running_loop().time() + self._wait_seconds
        with self._reader.hurried():
            looked = await self._learning.learn(branch.branch, commit, looked, end, search=search)
            if search and looked.missing:
                looked = await self._search(branch.branch, commit, looked, end)
        return looked

    async def _search(self, branch: Branch, commit: Commit, looked: Looked, end: float) -> Looked:
        """Have PFS look for the commit that changed the one file which is missing."""
        if self._patience.has_run_out(branch):
            return looked
        (path,) = looked.missing
        is_found = await self._learning.find(commit, path, end)
        self._patience.waited(branch, found=is_found)
        return self._look_ups.look(commit, looked.missing) if is_found else looked

    def _approximate(self, looked: Looked, committed: datetime | None) -> None:
        """Give what is missing a time that is not earlier than its change.

        Raises:
            HistoryUnread: Nothing but the exact time will do.
        """
        if self._exact:
            raise HistoryUnread("the history that says when files changed is being read")
        self._observer.times_approximated(len(looked.missing))
        if committed is None:
            return
        oldest = None if looked.chain is None else self._look_ups.oldest_read(looked.chain)
        for path in looked.missing:
            is_older = oldest is not None and path not in looked.younger and looked.may_come
            looked.times[path] = min(oldest, committed) if is_older and oldest else committed
