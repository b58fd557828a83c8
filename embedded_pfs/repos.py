"""Projects and repos: functions on a database connection.

Those that write are called within a transaction.
"""

from __future__ import annotations

import sqlite3

from embedded_pfs.branch_rows import (
    BRANCH_ROWS,
    JOIN_HEAD,
    ORDER_BY_NAME,
    downstream,
    feeds_others,
    find_rows,
    repo_id_of,
)
from embedded_pfs.database import as_datetime, now_us
from embedded_pfs.history import drop_some_of_a_repo
from embedded_pfs.names import check_name
from pfs_client.failures import (
    PfsFailure,
    ProjectExists,
    ProjectNotFound,
    RepoExists,
    RepoHasBranches,
    RepoNotFound,
)
from pfs_client.values import (
    Branch,
    ProjectInfo,
    Repo,
    RepoInfo,
)


def list_projects(connection: sqlite3.Connection) -> list[ProjectInfo]:
    """All projects, by name."""
    rows = connection.execute("SELECT name, description, created_us FROM project ORDER BY name")
    return [ProjectInfo(name, description, as_datetime(us)) for name, description, us in rows]


def inspect_project(connection: sqlite3.Connection, name: str) -> ProjectInfo:
    """One project.

    Raises:
        ProjectNotFound: There is none.
    """
    for info in list_projects(connection):
        if info.name == name:
            return info
    raise ProjectNotFound(f'project "{name}" not found')


def delete_project(connection: sqlite3.Connection, name: str, *, force: bool) -> None:
    """Delete a project, with its repos if forced.

    Raises:
        ProjectNotFound: There is none.
        PfsFailure: It has repos, and nothing is forced.
    """
    inspect_project(connection, name)
    repos = [info.repo for info in list_repos(connection) if info.repo.project == name]
    if repos and not force:
        raise PfsFailure(f"cannot delete a project with repos: {' '.join(map(str, repos))}")
    for repo in repos:
        delete_repo(connection, repo, force=True)
    while drop_some_of_a_repo(connection):
        pass  # the project's row cannot go before those of its repos
    connection.execute("DELETE FROM project WHERE name = ?", (name,))


def create_project(connection: sqlite3.Connection, name: str, description: str) -> None:
    """Create a project.

    Raises:
        InvalidName: There can be none of this name.
        ProjectExists: There is one.
    """
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
    where = "WHERE repo.id NOT IN (SELECT repo_id FROM dropped_repo)"
    arguments: tuple[str, ...] = ()
    if repo is not None:
        where, arguments = (
            where + " AND project.name = ? AND repo.name = ?",
            (
                repo.project,
                repo.name,
            ),
        )
    rows = connection.execute(
        "SELECT repo.id, repo.name, project.name, repo.created_us, repo.description,"
        f" (SELECT coalesce(sum(size_bytes), 0) FROM branch {JOIN_HEAD}"
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
    """One repo.

    Raises:
        RepoNotFound: There is none.
    """
    for info in list_repos(connection, repo):
        return info
    raise RepoNotFound(f"repo {repo} not found", repo)


def create_repo(
    connection: sqlite3.Connection, repo: Repo, description: str, *, update: bool = False
) -> None:
    """Create a repo, without branches; or give an existing one another description.

    Raises:
        InvalidName: There can be none of this name.
        ProjectNotFound: There is no such project.
        RepoExists: There is one, and it is not to be updated.
    """
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
    """Delete a repo with its branches, commits and files; say whether there was one.

    Raises:
        RepoHasBranches: And none are expected.
        BranchFeedsOthers: A branch of another repo is computed from one of it, and nothing is
            forced.
    """
    try:
        repo_id = repo_id_of(connection, repo)
    except RepoNotFound:
        return False
    rows = find_rows(connection, f"{BRANCH_ROWS} WHERE repo.id = ?{ORDER_BY_NAME}", repo_id)
    if rows and expect_no_branches:
        raise RepoHasBranches(f"repo {repo} has branches")
    for row in rows:
        outside = [d for d in downstream(connection, row.id) if d.repo_id != repo_id]
        if outside and not force:
            raise feeds_others(row, outside)
    _drop(connection, repo_id)
    return True


def _drop(connection: sqlite3.Connection, repo_id: int) -> None:
    """Let nobody find a repo any more. All that it had goes later, a few rows at a time.

    A long history would hold up all other writes for as long as it takes to delete.
    """
    connection.execute(
        "DELETE FROM provenance WHERE upstream_id IN (SELECT id FROM branch WHERE repo_id = ?)",
        (repo_id,),
    )
    connection.execute("DELETE FROM branch WHERE repo_id = ?", (repo_id,))
    connection.execute("UPDATE repo SET name = ? WHERE id = ?", (f"/{repo_id}", repo_id))
    connection.execute("INSERT INTO dropped_repo VALUES (?)", (repo_id,))
