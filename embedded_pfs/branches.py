"""Projects, repos and branches: functions on a database connection.

Those that write are called within a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from embedded_pfs import commits
from embedded_pfs.database import as_datetime, now_us
from embedded_pfs.names import check_name
from pfs_client.failures import (
    BranchFeedsOthers,
    BranchNotFound,
    CommitNotFound,
    HeadMoved,
    OutputBranch,
    PfsError,
    ProjectExists,
    ProjectNotFound,
    RepoExists,
    RepoHasBranches,
    RepoNotFound,
)
from pfs_client.values import (
    Branch,
    BranchInfo,
    Commit,
    OriginKind,
    ProjectInfo,
    Repo,
    RepoInfo,
)

_BRANCH_ROWS = """
    SELECT branch.id, repo.id, line_id, head_id,
        project.name, repo.name, branch.name, hex, branch.created_us
    FROM branch
    JOIN repo ON repo.id = branch.repo_id
    JOIN project ON project.id = project_id
    JOIN (SELECT id AS commit_id, hex FROM commit_) ON commit_id = head_id
"""
_UPSTREAM = f"{_BRANCH_ROWS} JOIN provenance ON upstream_id = branch.id WHERE branch_id = ?"
_DOWNSTREAM = f"{_BRANCH_ROWS} JOIN provenance ON branch_id = branch.id WHERE upstream_id = ?"
_ORDER = " ORDER BY project.name, repo.name, branch.name"


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


def list_projects(connection: sqlite3.Connection) -> list[ProjectInfo]:
    """All projects, by name."""
    rows = connection.execute("SELECT name, description, created_us FROM project ORDER BY name")
    return [ProjectInfo(name, description, as_datetime(us)) for name, description, us in rows]


def inspect_project(connection: sqlite3.Connection, name: str) -> ProjectInfo:
    """One project."""
    for info in list_projects(connection):
        if info.name == name:
            return info
    raise ProjectNotFound(f'project "{name}" not found')


def delete_project(connection: sqlite3.Connection, name: str, *, force: bool) -> None:
    """Delete a project, with its repos if forced."""
    inspect_project(connection, name)
    repos = [info.repo for info in list_repos(connection) if info.repo.project == name]
    if repos and not force:
        raise PfsError(f"cannot delete a project with repos: {' '.join(map(str, repos))}")
    for repo in repos:
        delete_repo(connection, repo, force=True)
    connection.execute("DELETE FROM project WHERE name = ?", (name,))


def create_project(connection: sqlite3.Connection, name: str, description: str) -> None:
    """Create a project."""
    check_name(name)
    try:
        connection.execute(
            "INSERT INTO project (name, description, created_us) VALUES (?, ?, ?)",
            (name, description, now_us()),
        )
    except sqlite3.IntegrityError:
        raise ProjectExists(f'project "{name}" already exists') from None


def list_repos(connection: sqlite3.Connection, repo: Repo | None = None) -> list[RepoInfo]:
    """All repos with the names of their branches, or one of them."""
    where: str = ""
    arguments: tuple[str, ...] = ()
    if repo is not None:
        where, arguments = "WHERE project.name = ? AND repo.name = ?", (repo.project, repo.name)
    rows = connection.execute(
        "SELECT repo.id, repo.name, project.name, repo.created_us, repo.description,"
        " (SELECT coalesce(sum(size_bytes), 0) FROM commit_ JOIN branch ON head_id = commit_.id"
        "  WHERE branch.repo_id = repo.id AND branch.name = 'master')"
        f" FROM repo JOIN project ON project.id = project_id {where}"
        " ORDER BY project.name, repo.name",
        arguments,
    ).fetchall()
    branches: dict[int, list[str]] = {row[0]: [] for row in rows}
    query = "SELECT repo_id, name FROM branch"
    if repo is not None:
        query += f" WHERE repo_id IN ({', '.join(map(str, branches))})"
    for repo_id, name in connection.execute(query + " ORDER BY name"):
        branches[repo_id].append(name)
    found = []
    for repo_id, name, project, created_us, description, size_bytes in rows:
        this = Repo(name, project)
        its_branches = tuple(Branch(this, b) for b in branches[repo_id])
        found.append(RepoInfo(this, as_datetime(created_us), its_branches, size_bytes, description))
    return found


def inspect_repo(connection: sqlite3.Connection, repo: Repo) -> RepoInfo:
    """One repo."""
    for info in list_repos(connection, repo):
        return info
    raise RepoNotFound(f"repo {repo} not found")


def repo_id_of(connection: sqlite3.Connection, repo: Repo) -> int:
    """A repo's row."""
    row = connection.execute(
        "SELECT repo.id FROM repo JOIN project ON project.id = project_id"
        " WHERE project.name = ? AND repo.name = ?",
        (repo.project, repo.name),
    ).fetchone()
    if row is None:
        raise RepoNotFound(f"repo {repo} not found")
    return int(row[0])


def create_repo(
    connection: sqlite3.Connection, repo: Repo, description: str, *, update: bool = False
) -> None:
    """Create a repo, without branches; or give an existing one another description."""
    check_name(repo.name)
    project = connection.execute(
        "SELECT id FROM project WHERE name = ?", (repo.project,)
    ).fetchone()
    if project is None:
        raise ProjectNotFound(f'project "{repo.project}" not found')
    try:
        connection.execute(
            "INSERT INTO repo (project_id, name, description, created_us) VALUES (?, ?, ?, ?)",
            (project[0], repo.name, description, now_us()),
        )
    except sqlite3.IntegrityError:
        if not update:
            raise RepoExists(f"repo {repo} already exists") from None
        connection.execute(
            "UPDATE repo SET description = ? WHERE id = ?",
            (description, repo_id_of(connection, repo)),
        )


def delete_repo(
    connection: sqlite3.Connection, repo: Repo, *, force: bool, expect_no_branches: bool = False
) -> bool:
    """Delete a repo with its branches, commits and files."""
    try:
        repo_id = repo_id_of(connection, repo)
    except RepoNotFound:
        return False
    rows = _rows(connection, f"{_BRANCH_ROWS} WHERE repo.id = ?{_ORDER}", repo_id)
    if rows and expect_no_branches:
        raise RepoHasBranches(f"repo {repo} has branches")
    for row in rows:
        outside = [d for d in downstream(connection, row.id) if d.repo_id != repo_id]
        if outside and not force:
            raise _feeds_others(row, outside, prefix=f"delete repo: delete branch {row.branch}: ")
    _delete_everything_in(connection, repo_id)
    return True


def list_branches(connection: sqlite3.Connection, repo: Repo) -> list[BranchInfo]:
    """All branches of a repo, the newest first, as pachd has them."""
    repo_id = repo_id_of(connection, repo)
    query = f"{_BRANCH_ROWS} WHERE repo.id = ? ORDER BY branch.created_us DESC, branch.id DESC"
    return [info_of(connection, row) for row in _rows(connection, query, repo_id)]


def find_branch(connection: sqlite3.Connection, branch: Branch) -> BranchRow:
    """A branch's row."""
    rows = _rows(
        connection,
        f"{_BRANCH_ROWS} WHERE project.name = ? AND repo.name = ? AND branch.name = ?",
        branch.repo.project,
        branch.repo.name,
        branch.name,
    )
    if not rows:
        repo_id_of(connection, branch.repo)
        raise BranchNotFound(f'branch "{branch.name}" not found in repo {branch.repo}')
    return rows[0]


def inspect_branch(connection: sqlite3.Connection, branch: Branch) -> BranchInfo:
    """What PFS says of a branch."""
    return info_of(connection, find_branch(connection, branch))


def find_or_create_branch(connection: sqlite3.Connection, branch: Branch) -> BranchRow:
    """A branch's row; pachd creates a missing branch where something is written to it."""
    try:
        return find_branch(connection, branch)
    except BranchNotFound:
        create_branch(connection, branch, None, ())
        return find_branch(connection, branch)


def start_commit(
    connection: sqlite3.Connection,
    branch: Branch,
    *,
    description: str = "",
    create_missing: bool = False,
) -> Commit:
    """Open a commit at a branch's head."""
    find = find_or_create_branch if create_missing else find_branch
    row = find(connection, branch)
    commits.start(connection, row, description=description)
    if _rows(connection, _UPSTREAM, row.id):
        raise OutputBranch(f"cannot start a commit on an output branch: {branch}")
    return find_branch(connection, branch).head


def named_commit(connection: sqlite3.Connection, commit: Commit, branch: str) -> Commit:
    """The commit that a request names: by its id, or by a branch whose head it is.

    Raises:
        RepoNotFound, BranchNotFound, CommitNotFound: As they say.
    """
    repo_id_of(connection, commit.repo)
    if not commit.id:
        return find_branch(connection, Branch(commit.repo, branch)).head
    try:
        commits.find_commit(connection, commit)
    except CommitNotFound:
        if branch:
            raise
        # Clients also put a branch's name where a commit's id belongs.
        with suppress(BranchNotFound):
            return find_branch(connection, Branch(commit.repo, commit.id)).head
        raise
    return commit


def list_commits(connection: sqlite3.Connection, repo: Repo, newest: Commit | None) -> list[Commit]:
    """A repo's commits, or one commit's history, the newest first."""
    return commits.list_commits(connection, repo_id_of(connection, repo), repo, newest)


def info_of(connection: sqlite3.Connection, row: BranchRow) -> BranchInfo:
    """What PFS says of a branch."""
    upstream = _rows(connection, _UPSTREAM, row.id)
    return BranchInfo(
        row.branch,
        row.head,
        as_datetime(row.created_us),
        tuple(u.branch for u in upstream),
        tuple(u.branch for u in _transitive(connection, _UPSTREAM, row.id)) if upstream else (),
        tuple(d.branch for d in downstream(connection, row.id)),
    )


def downstream(connection: sqlite3.Connection, branch_id: int) -> list[BranchRow]:
    """All branches that are computed from this one, directly or not."""
    return _transitive(connection, _DOWNSTREAM, branch_id)


def create_branch(
    connection: sqlite3.Connection,
    branch: Branch,
    head: Commit | None,
    provenance: Iterable[Branch],
) -> None:
    """Create a branch, or give an existing one another head or provenance."""
    check_name(branch.name)
    repo_id = repo_id_of(connection, branch.repo)
    try:
        row = find_branch(connection, branch)
    except BranchNotFound:
        row = _insert_branch(connection, repo_id, branch, head)
    else:
        if head is not None and head != row.head:
            _move_head(connection, row.id, *commits.branch_off(connection, head))
    upstream = [find_branch(connection, b) for b in provenance]
    if not upstream:
        return
    if any(u.repo_id == repo_id for u in upstream):
        raise PfsError(
            f'multiple branches from the same repo, "{branch.repo}", cannot participate in a DAG'
        )
    connection.execute("DELETE FROM provenance WHERE branch_id = ?", (row.id,))
    connection.executemany(
        "INSERT INTO provenance VALUES (?, ?)", {(row.id, u.id) for u in upstream}
    )
    open_output_commit(connection, find_branch(connection, branch), upstream[0].head.id)


def open_output_commit(connection: sqlite3.Connection, row: BranchRow, hex_: str) -> None:
    """Open the commit that a pipeline would write next, in the commit set of the input's commit."""
    taken = connection.execute(
        "SELECT 1 FROM commit_ WHERE repo_id = ? AND hex = ?", (row.repo_id, hex_)
    ).fetchone()
    if taken is None:
        commits.start(connection, row, OriginKind.AUTO, hex_=hex_)


def delete_branch(
    connection: sqlite3.Connection, branch: Branch, expected_head: Commit | None
) -> None:
    """Delete a branch; its commits stay."""
    row = find_branch(connection, branch)
    if expected_head is not None and row.head != expected_head:
        raise HeadMoved(f"the head of {branch} is {row.head.id}")
    below = _rows(connection, _DOWNSTREAM, row.id)
    if below:
        raise _feeds_others(row, below)
    connection.execute("DELETE FROM branch WHERE id = ?", (row.id,))


def _insert_branch(
    connection: sqlite3.Connection, repo_id: int, branch: Branch, head: Commit | None
) -> BranchRow:
    if head is None:
        line_id, head_id = commits.first(connection, repo_id, branch.name)
    else:
        line_id, head_id = commits.branch_off(connection, head)
    connection.execute(
        "INSERT INTO branch (repo_id, name, line_id, head_id, created_us, updated_us)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        (repo_id, branch.name, line_id, head_id, now_us()),
    )
    return find_branch(connection, branch)


def _move_head(connection: sqlite3.Connection, branch_id: int, line_id: int, head_id: int) -> None:
    connection.execute(
        "UPDATE branch SET line_id = ?, head_id = ?, updated_us = ? WHERE id = ?",
        (line_id, head_id, now_us(), branch_id),
    )


def _delete_everything_in(connection: sqlite3.Connection, repo_id: int) -> None:
    of_repo = (repo_id,)
    lines = "SELECT id FROM line WHERE repo_id = ?"
    connection.execute(
        "DELETE FROM provenance WHERE upstream_id IN (SELECT id FROM branch WHERE repo_id = ?)",
        of_repo,
    )
    connection.execute(f"DELETE FROM file WHERE line_id IN ({lines})", of_repo)
    connection.execute(f"DELETE FROM past_file WHERE line_id IN ({lines})", of_repo)
    for table in ("branch", "commit_", "line"):
        connection.execute(f"DELETE FROM {table} WHERE repo_id = ?", of_repo)
    connection.execute("DELETE FROM repo WHERE id = ?", of_repo)


def _feeds_others(row: BranchRow, below: list[BranchRow], prefix: str = "") -> BranchFeedsOthers:
    names = tuple(str(d.branch) for d in below)
    return BranchFeedsOthers(
        f'{prefix}branch "{row.branch}" cannot be deleted because it\'s in the direct provenance of'
        f" [{' '.join(names)}]",
        names,
    )


def _transitive(connection: sqlite3.Connection, query: str, branch_id: int) -> list[BranchRow]:
    seen: dict[int, BranchRow] = {}
    todo = [branch_id]
    while todo:
        for row in _rows(connection, query, todo.pop()):
            if row.id not in seen:
                seen[row.id] = row
                todo.append(row.id)
    return list(seen.values())


def _rows(connection: sqlite3.Connection, query: str, *arguments: object) -> list[BranchRow]:
    found = []
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
    ) in connection.execute(query, arguments):
        repo = Repo(repo_name, project)
        found.append(
            BranchRow(
                id_, repo_id, line_id, head_id, Branch(repo, name), Commit(repo, hex_), created_us
            )
        )
    return found
