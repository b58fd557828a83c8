"""Gateways as far as uploads in parts go, several on one pachd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.limits.transfers import Transfers
from pfs_client.repo_removal import Background, RepoRemoval
from pfs_client.uploads.caretaking import Caretaker
from pfs_client.uploads.completing import ComposedFile
from pfs_client.uploads.records import Completion, PartRecord, Upload
from pfs_client.uploads.uploads import Uploads
from pfs_client.values import Commit
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import body, writes_to
from tests.pfs_contract.reading import head_of

PATH = "/dir/a"
PART = bytes(1_500_000)
FEW = 10
"""Commits of a repo that goes at once."""


@dataclass(frozen=True, slots=True)
class Process:
    """The uploads of one gateway."""

    pachd: Pachd
    writes: GroupedWrites
    uploads: Uploads

    async def begin(self) -> Upload:
        return await self.uploads.begin(BRANCH, PATH)

    async def send(self, upload: Upload, number: int, content: bytes = PART) -> PartRecord:
        return await self.uploads.store_part(
            upload, number, body(content), len(content), lambda: b""
        )

    async def prepared(
        self, parts: Sequence[PartRecord], head: Commit | None = None
    ) -> tuple[Completion, ComposedFile]:
        composed = await self.uploads.completing.compose(parts)
        head = head or await head_of(self.pachd.pfs, BRANCH)
        completion = Completion(
            "digest", composed.info.hash, composed.info.size_bytes, head.id, datetime.now(UTC)
        )
        return completion, composed

    async def complete(self, upload: Upload) -> Completion:
        state = await self.uploads.find(BRANCH, PATH, upload.id)
        completion, composed = await self.prepared(list(state.parts.values()))
        await self.uploads.completing.write(upload, completion, composed, None)
        return completion

    def caretaker(self, kept_for: timedelta = timedelta(days=7)) -> Caretaker:
        turns, background = self.writes.turn_at, Background()
        removal = RepoRemoval(self.pachd.pfs, turns, background, few_commits=FEW)
        remove_repo = removal.remove_if_unseen
        return Caretaker(self.pachd.pfs, self.writes, self.uploads.reader, kept_for, remove_repo)

    async def names(self) -> list[str]:
        return [info.branch.name for info in await self.pachd.pfs.list_branch(BRANCH.repo)]


def process(pachd: Pachd) -> Process:
    """A gateway that has just been started."""
    writes = writes_to(pachd)
    return Process(pachd, writes, Uploads(pachd.pfs, writes, Transfers(pachd.pfs)))
