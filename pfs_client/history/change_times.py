"""When files last changed: what is asked, and a PFS that says so itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from pfs_client.values import BranchInfo, FileInfo


class ChangeTimes(ABC):
    """Says when files last changed: when the commit was closed that added or replaced them.

    None stands for a file that an open commit has changed: it goes on changing.
    """

    async def aclose(self) -> None:  # noqa: B027 - most hold nothing
        """Release what is held."""

    @abstractmethod
    async def of_file(self, branch: BranchInfo, file: FileInfo) -> datetime | None:
        """When one file changed.

        Args:
            branch: The branch whose head it was read at.
            file: What PFS says of it there.

        Raises:
            HistoryUnread: Nobody can say yet, and nothing but the exact time will do.
        """

    @abstractmethod
    async def of_files(
        self, branch: BranchInfo, files: Sequence[FileInfo]
    ) -> Sequence[datetime | None]:
        """When each of some files changed, in their order, which is that of their paths.

        Args:
            branch: The branch whose head they were read at.
            files: What PFS says of them there.

        Raises:
            HistoryUnread: Nobody can say yet, and nothing but the exact times will do.
        """


class KnownTimes(ChangeTimes):
    """For a PFS whose `FileInfo` says it."""

    async def of_file(self, branch: BranchInfo, file: FileInfo) -> datetime | None:
        """What PFS has said."""
        return file.changed

    async def of_files(
        self, branch: BranchInfo, files: Sequence[FileInfo]
    ) -> Sequence[datetime | None]:
        """What PFS has said."""
        return [file.changed for file in files]


class HeadTimes(ChangeTimes):
    """For who does not look: every file has the time of its commit, which is never earlier."""

    async def of_file(self, branch: BranchInfo, file: FileInfo) -> datetime | None:
        """When the commit was closed."""
        return file.committed

    async def of_files(
        self, branch: BranchInfo, files: Sequence[FileInfo]
    ) -> Sequence[datetime | None]:
        """When the commit was closed."""
        return [file.committed for file in files]
