"""Who is told which commits this gateway makes, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping

from pfs_client.values import Branch, Commit, CommitInfo


class OwnCommits:
    """Is told of commits of ours as they come to be. This one lets it all pass."""

    def begun(self, branch: Branch) -> None:
        """A group is going to be written to a branch; `ended` follows."""

    def ended(self, branch: Branch) -> None:
        """It has been written or not, and if it was, its commit has been told of."""

    def made(self, info: CommitInfo, changed: Mapping[str, bool]) -> None:
        """A commit of ours is a branch's head. It may yet finish with an error.

        Args:
            info: The commit, which is closed.
            changed: The paths that it has changed, and whether there is a file now.
        """

    def finished(self, info: CommitInfo) -> None:
        """A commit has finished; with an error, nothing of it is left."""

    def lost(self, commit: Commit) -> None:
        """Nobody will say any more what becomes of a commit, if it has not finished."""


UNTOLD = OwnCommits()
