"""The tip of a branch's line, which a write goes to: found with one statement.

Every write looks for it, and each statement is time that every write takes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from embedded_pfs.branch_rows import IS_LINKED, JOIN_HEAD, find_branch
from embedded_pfs.commit_rows import CommitRow, columns_of
from pfs_client.values import Branch

TIP = f"""
    SELECT branch.id, branch.repo_id, branch.line_id,
        iif(head.line_id = branch.line_id, head.seq, 0),
        {IS_LINKED},
        {columns_of("head")}
    FROM project
    JOIN repo ON project_id = project.id
    JOIN branch ON branch.repo_id = repo.id
    {JOIN_HEAD}
    WHERE project.name = ? AND repo.name = ? AND branch.name = ?
"""


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a branch's next commit goes.

    `line_id` is the branch's own line, `last_seq` the number of the last commit on it, 0 where
    there is none: the head may lie on the line that this one has branched off from.
    """

    branch: Branch
    branch_id: int
    repo_id: int
    line_id: int
    last_seq: int
    is_linked: bool
    """Whether it is computed from another branch, or another from it."""
    head: CommitRow

    @property
    def next_seq(self) -> int:
        """The number that the next commit gets."""
        return self.last_seq + 1


def tip_of(connection: sqlite3.Connection, branch: Branch) -> Tip:
    """A branch's tip.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: There is the repo, without this branch.
    """
    repo = branch.repo
    found = connection.execute(TIP, (repo.project, repo.name, branch.name)).fetchone()
    if found is None:
        find_branch(connection, branch)
    branch_id, repo_id, line_id, last_seq, is_linked, *head = found
    return Tip(branch, branch_id, repo_id, line_id, last_seq, bool(is_linked), CommitRow(*head))
