"""The calls on file sets: files that are stored before there is a commit to put them into."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from pfs_client.changes import Changes
from pfs_client.values import Commit, FileSetKind

MAX_FILE_SET_SECONDS = 1800


class FileSetCalls(ABC):
    """A part of `interface.PfsClient`.

    A file set is read like a commit of the repo `FILE_SETS_REPO_NAME`, and put into commits by
    `CopyFile`. Who has its id may read it, so that ids go into no answer and no log.
    """

    @abstractmethod
    async def create_file_set(self, changes: Changes) -> str:
        """Store files outside any commit, for `MAX_FILE_SET_SECONDS`, and return the file set's id.

        A `CopyFile` also removes what stands at its path in the sets that this one is composed
        behind, unless it appends. On pachd one of a copy takes 50 to 115 ms. To one path there is
        one `CopyFile`, and no `AddFile` beside it: of both pachd keeps the added bytes alone
        (`docs/pachd.md`, "Copies").

        Raises:
            InvalidPath: A file is added or copied to a path that PFS allows no file at.
            CommitNotFound: A copy's source is a commit that is not there.
            FileSetNotFound: A copy's source is a file set that has expired.
            FileNotFound: It has no such file.
            StorageFull: There is no room for the contents.
        """

    @abstractmethod
    async def release_file_set(self, file_set_id: str) -> None:
        """Say that a file set is of no more use. One that nobody releases goes when it expires."""

    @abstractmethod
    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for at most `MAX_FILE_SET_SECONDS` from now. 2 ms on pachd.

        One that is found after a `modify_file` that copied from it was there during it.

        Raises:
            FileSetNotFound: There is no such file set, or it has expired.
            PfsFailure: That would be too long.
        """

    @abstractmethod
    async def compose_file_set(
        self, file_set_ids: Sequence[str], ttl_seconds: int = MAX_FILE_SET_SECONDS
    ) -> str:
        """Make one file set of several, one after the other, and return its id.

        Contents of one path join up, but for what a later set removes. On pachd 8 sets take 4 to
        8 ms and 200 take 83 ms; to inspect the composed file, and to copy it, takes 4 ms a set.

        Raises:
            FileSetNotFound: One of them is not there, or has expired.
            PfsFailure: It would live too long.
        """

    @abstractmethod
    async def get_file_set(self, commit: Commit, kind: FileSetKind) -> str:
        """Make a file set of a commit, or of what it changed, and return its id.

        `walk_file` of `/` in the one of its changes lists just the files that it added or
        replaced, with their directories. On pachd 12 to 40 ms, and the walk 3 to 12 ms for few
        files. What was appended to a file is there alone on pachd; the embedded PFS has the whole
        file. pachd asks for no permission: whoever has a login may do this to any commit.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit.
            CommitNotFinished: The commit is open, and one that it is based on has not finished.
        """
