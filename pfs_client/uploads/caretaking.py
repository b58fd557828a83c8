"""What uploads need from time to time: their file sets renewed, and what has ended removed.

A file set lives for half an hour. Every gateway looks for all uploads, its own and others', so that
parts are gone only where none ran for longer than that. Where users have tokens of their own, it
goes round with each user's, and what one may not see or remove is left to those who may.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pfs_client.failures import FileSetNotFound, PfsAccessDenied, PfsFailure, RepoNotFound
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import MAX_FILE_SET_SECONDS, PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.uploads.reading import UploadReader, UploadState
from pfs_client.uploads.records import upload_id_of
from pfs_client.uploads.removal import remove_upload
from pfs_client.values import BranchInfo, Repo

log = logging.getLogger("s3gateway")

ROUND_SECONDS = 600.0
"""A third of a file set's life: one round may fail."""

KEPT_AFTER_COMPLETION = timedelta(hours=1)
"""For so long a repeated Complete has its answer."""

_KEPT_WITHOUT_RECORD = timedelta(hours=1)
_RENEWED_AT_ONCE = 4


class Caretaker:
    """Goes round all uploads of a PFS.

    Args:
        pfs: Where they are.
        writes: So that nothing is removed while a group is committed to it.
        reader: Reads them.
        kept_for: How long an upload may take.
        remove_repo: Removes a repo that has no bucket any more, however long its history is.
        observer: Is told what there is.
        round_seconds: From the end of one round to the beginning of the next.
    """

    def __init__(
        self,
        pfs: PfsClient,
        writes: GroupedWrites,
        reader: UploadReader,
        kept_for: timedelta,
        remove_repo: Callable[[Repo], Awaitable[object]],
        observer: Observer = UNOBSERVED,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        self._pfs = pfs
        self._writes = writes
        self._reader = reader
        self._kept_for = kept_for
        self._remove_repo = remove_repo
        self._observer = observer
        self._round_seconds = round_seconds

    async def run(self) -> None:
        """Go round until cancelled. A round that fails is logged, and the next one comes."""
        while True:
            try:
                await self.go_round()
            except PfsFailure as error:
                log.warning("uploads could not be looked after: %s", error)
            await asyncio.sleep(self._round_seconds)

    async def go_round(self) -> None:
        """Look at every upload once."""
        open_uploads = open_bytes = 0
        for info in await self._pfs.list_repo():
            if not any(upload_id_of(branch) for branch in info.branches):
                continue
            for state in await self._look_if_allowed(info.repo):
                open_uploads += state.completion is None
                open_bytes += sum(part.size_bytes for part in state.parts.values())
        self._observer.uploads_seen(open_uploads, open_bytes)

    async def _look_if_allowed(self, repo: Repo) -> list[UploadState]:
        try:
            return await self._look_at_repo(repo)
        except RepoNotFound:
            return []
        except PfsAccessDenied as error:
            log.info("uploads in %s are not looked after: %s", repo, error)
            return []

    async def _look_at_repo(self, repo: Repo) -> list[UploadState]:
        """Keep or remove the uploads of a repo; gives those that are kept."""
        infos = await self._pfs.list_branch(repo)
        targets = {info.branch for info in infos}
        kept: list[UploadState] = []
        for info in infos:
            if upload_id_of(info.branch) is None:
                continue
            state = await self._reader.read(info.branch)
            if self._is_over(info, state) or (state and state.upload.target not in targets):
                await self._remove_if_allowed(info)
            elif state is not None:
                kept.append(state)
                await self._renew(state.file_set_ids)
        if not kept and all(info.branch.is_hidden for info in infos):
            # Its last bucket went while an upload to it was begun.
            async with self._writes.turn_at(repo):
                await self._remove_repo(repo)
        return kept

    async def _remove_if_allowed(self, info: BranchInfo) -> None:
        try:
            await remove_upload(self._pfs, self._writes, info.branch)
        except PfsAccessDenied as error:
            log.info("%s, an upload that is over, stays: %s", info.branch, error)

    def _is_over(self, info: BranchInfo, state: UploadState | None) -> bool:
        now = datetime.now(UTC)
        if state is None:  # aborted, or not yet begun
            return info.created is None or now - info.created > _KEPT_WITHOUT_RECORD
        if state.completion is not None:
            return now - state.completion.time > KEPT_AFTER_COMPLETION
        return now - state.upload.started > self._kept_for

    async def _renew(self, file_set_ids: Iterable[str]) -> None:
        renewed = 0

        async def renew(file_set_id: str) -> None:
            nonlocal renewed
            with suppress(FileSetNotFound):  # Complete tells whoever still wants it
                await self._pfs.renew_file_set(file_set_id, MAX_FILE_SET_SECONDS)
                renewed += 1

        await for_each(list(file_set_ids), renew, _RENEWED_AT_ONCE)
        self._observer.file_sets_renewed(renewed)
