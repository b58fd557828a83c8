"""What a call takes by what it is about: commits, files, sets that another set is composed of.

What all calls of a kind take, and what each entry of an answer does, is in `latency_times`.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

from pachd_server.latency_times import (
    CHANGE_MS,
    COMPOSED_SET_MS,
    DELETED_COMMIT_MS,
    DIFFED_FILE_MS,
    FILE_SET_COPY_MS,
    FILE_SET_FILE_MS,
    READ_COMPOSED_SET_MS,
)
from pfs_client.failures import PfsFailure
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Commit, File, Part, Repo
from pfs_client.whole_pfs import WholePfs

_PAGE = 10_000
_OF_ONE_FILE = ("GetFile", "InspectFile")


class Costs:
    """Milliseconds, beyond what every call of a kind takes.

    Args:
        pfs: What is served.
    """

    def __init__(self, pfs: WholePfs) -> None:
        self._pfs = pfs
        self._composed: dict[str, int] = {}

    async def before(self, name: str, request: Any) -> float:
        """What a call takes more, as far as its request tells."""
        match name:
            case "ComposeFileSet":
                return COMPOSED_SET_MS * len(request.file_set_ids)
            case "DeleteRepo":
                repo = messages.repo_of(request.repo)
                return DELETED_COMMIT_MS * await self._commits_in(repo)
            case "DiffFile":
                return DIFFED_FILE_MS * await self._files_in(messages.file_of(request.new_file))
        if name in _OF_ONE_FILE:
            return self._reading(messages.commit_of(request.file.commit))
        return 0.0

    async def after(self, name: str, request: Any, answer: Any) -> float:
        """What it takes more, by its answer."""
        if name == "ComposeFileSet":
            parts = [self._composed.get(id_, 1) for id_ in request.file_set_ids]
            self._composed[answer.file_set_id] = sum(parts)
        if name != "GetFileSet":
            return 0.0
        made = Commit.of_file_set(answer.file_set_id)
        return FILE_SET_FILE_MS * await self._files_in(File(made, "/"))

    def of_change(self, name: str, request: pfs_pb2.ModifyFileRequest) -> float:
        """What one message of a stream of changes takes."""
        body = str(request.WhichOneof("body"))
        if body != "copy_file":
            return CHANGE_MS.get(body, 0.0) if name == "ModifyFile" else 0.0
        each = CHANGE_MS[body] if name == "ModifyFile" else FILE_SET_COPY_MS
        return each + self._reading(messages.commit_of(request.copy_file.src.commit))

    async def history_of(self, request: pfs_pb2.FindCommitsRequest) -> int:
        """How many commits a search that finds no more has passed."""
        start = messages.commit_of(request.start)
        count = 0
        with suppress(PfsFailure):
            async for _ in self._pfs.list_commit(start.repo, newest=start):
                count += 1
        return count

    def _reading(self, commit: Commit) -> float:
        """What it takes to read what is in a set that has been composed."""
        return READ_COMPOSED_SET_MS * self._composed.get(commit.id, 0)

    async def _commits_in(self, repo: Repo) -> int:
        count = 0
        with suppress(PfsFailure):
            async for _ in self._pfs.list_commit(repo):
                count += 1
        return count

    async def _files_in(self, directory: File) -> int:
        found: Counter[bool] = Counter()
        part = Part(number=_PAGE)
        with suppress(PfsFailure):
            while page := await self._pfs.walk_file(directory, part):
                found.update(info.is_file for info in page)
                part = Part(after=page[-1].path, number=_PAGE)
                if len(page) < _PAGE:
                    break
        return found[True]
