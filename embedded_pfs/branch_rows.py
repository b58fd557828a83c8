"""Branches as the database has them: looking them up, and what feeds what."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from embedded_pfs.database import as_datetime
from pfs_client.failures import (
    BranchFeedsOthers,
    BranchNotFound,
    OutputBranch,
    RepoNotFound,
)
from pfs_client.values import (
    Branch,
    BranchInfo,
    Commit,
    Repo,
)

IS_LINKED = """
        EXISTS (SELECT 1 FROM provenance AS up WHERE up.branch_id = branch.id)
        OR EXISTS (SELECT 1 FROM provenance AS down WHERE down.upstream_id = branch.id)
"""
HEAD_ID = """
    coalesce(
        (SELECT tip.id FROM commit_ AS tip WHERE tip.line_id = branch.line_id
            ORDER BY tip.seq DESC LIMIT 1),
        (SELECT line.base_id FROM line WHERE line.id = branch.line_id))
"""
"""The head of a `branch` in a query: the last commit on its line, or what the line begins at."""
JOIN_HEAD = f"JOIN commit_ AS head ON head.id = {HEAD_ID}"
BRANCH_ROWS = f"""
    SELECT branch.id, repo.id, branch.line_id, head.id,
        project.name, repo.name, branch.name, head.hex, branch.created_us,
        {IS_LINKED}
    FROM branch
    JOIN repo ON repo.id = branch.repo_id
    JOIN project ON project.id = project_id
    {JOIN_HEAD}
"""
UPSTREAM = f"{BRANCH_ROWS} JOIN provenance ON upstream_id = branch.id WHERE branch_id = ?"
DOWNSTREAM = f"{BRANCH_ROWS} JOIN provenance ON branch_id = branch.id WHERE upstream_id = ?"
ORDER_BY_NAME = " ORDER BY project.name, repo.name, branch.name"


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch as the database has it."""

    id: int
    repo_id: int
    line_id: int
    head_id: int
    branch: Branch
    head: Commit
    created_us: int
    is_linked: bool
    """Whether it is computed from another branch, or another from it."""


def repo_id_of(connection: sqlite3.Connection, repo: Repo) -> int:
    """A repo's row.

    Raises:
        RepoNotFound: There is none.
    """
    row = connection.execute(
        "SELECT repo.id FROM repo JOIN project ON project.id = project_id"
        " WHERE project.name = ? AND repo.name = ?",
        (repo.project, repo.name),
    ).fetchone()
    if row is None:
        raise RepoNotFound(f"repo {repo} not found", repo)
    return int(row[0])


def find_branch(connection: sqlite3.Connection, branch: Branch) -> BranchRow:
    """A branch's row.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: There is the repo, without this branch.
    """
    row = find_named(connection, branch)
    if row is None:
        repo_id_of(connection, branch.repo)
        raise BranchNotFound(f'branch "{branch.name}" not found in repo {branch.repo}')
    return row


def find_named(connection: sqlite3.Connection, branch: Branch) -> BranchRow | None:
    """The same; None where there is no such branch."""
    rows = find_rows(
        connection,
        f"{BRANCH_ROWS} WHERE project.name = ? AND repo.name = ? AND branch.name = ?",
        branch.repo.project,
        branch.repo.name,
        branch.name,
    )
    return rows[0] if rows else None


def info_of(connection: sqlite3.Connection, row: BranchRow) -> BranchInfo:
    """What PFS says of a branch."""
    if not row.is_linked:
        return BranchInfo(row.branch, row.head, as_datetime(row.created_us), (), (), ())
    upstream = find_rows(connection, UPSTREAM, row.id)
    return BranchInfo(
        row.branch,
        row.head,
        as_datetime(row.created_us),
        tuple(u.branch for u in upstream),
        tuple(u.branch for u in _transitive(connection, UPSTREAM, row.id)) if upstream else (),
        tuple(d.branch for d in downstream(connection, row.id)),
    )


def downstream(connection: sqlite3.Connection, branch_id: int) -> list[BranchRow]:
    """All branches that are computed from this one, directly or not."""
    return _transitive(connection, DOWNSTREAM, branch_id)


def refuse_output(connection: sqlite3.Connection, branch_id: int, branch: Branch) -> None:
    """Refuse what would be written to a branch that is computed from another.

    Raises:
        OutputBranch: It is one.
    """
    if find_rows(connection, UPSTREAM, branch_id):
        raise OutputBranch(f"a pipeline writes {branch}", branch)


def feeds_others(row: BranchRow, below: list[BranchRow]) -> BranchFeedsOthers:
    """The failure that says which branches keep one from going."""
    names = tuple(str(d.branch) for d in below)
    return BranchFeedsOthers(
        f"{row.branch} feeds other branches: {', '.join(names)}", names, row.branch
    )


def _transitive(connection: sqlite3.Connection, query: str, branch_id: int) -> list[BranchRow]:
    seen: dict[int, BranchRow] = {}
    todo = [branch_id]
    while todo:
        for row in find_rows(connection, query, todo.pop()):
            if row.id not in seen:
                seen[row.id] = row
                todo.append(row.id)
    return list(seen.values())


def find_rows(connection: sqlite3.Connection, query: str, *arguments: object) -> list[BranchRow]:
    """The branches that a query built on `BRANCH_ROWS` finds."""
    found: list[BranchRow] = []
    repo: Repo | None = None  # as good as always the same: it is made once
    for (
        id_,
        repo_id,
        line_id,
        head_id,
        project,
        repo_name,
        name,
        hex_,
        created_us,
        is_linked,
    ) in connection.execute(query, arguments):
        if repo is None or (repo.name, repo.project) != (repo_name, project):
            repo = Repo(repo_name, project)
        found.append(
            BranchRow(
                id_,
                repo_id,
                line_id,
                head_id,
                Branch(repo, name),
                Commit(repo, hex_),
                created_us,
                bool(is_linked),
            )
        )
    return found
