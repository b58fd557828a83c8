"""Failures as the interface documents them, whatever pachd says is missing.

pachd names the first thing that it has missed. Callers are written for what a call can miss.
"""

from __future__ import annotations

import re

from pfs_client.failures import (
    BranchNotFound,
    CommitNotFound,
    PfsFailure,
    ProjectNotFound,
    RepoNotFound,
)
from pfs_client.pachd.error_texts import commit_named

_TELL_OF_PROJECTS = frozenset(
    {"CreateRepo", "CreateProject", "DeleteProject", "InspectProject", "ListProject"}
)
_TAKE_COPIES = frozenset({"CreateFileSet", "ModifyFile"})
_SOURCE = re.compile(r"pick commit tx: commit (\S+) not found")


def as_documented(method: str, failure: PfsFailure) -> PfsFailure:
    """The failure that a call is documented with, for the one that pachd's words stand for.

    Args:
        method: The RPC's name.
        failure: What pachd said.
    """
    if isinstance(failure, ProjectNotFound) and method not in _TELL_OF_PROJECTS:
        return RepoNotFound(str(failure))
    if isinstance(failure, RepoNotFound) and method == "CreateRepo":
        return ProjectNotFound(str(failure))
    if method in _TAKE_COPIES and isinstance(failure, RepoNotFound | BranchNotFound):
        return _of_source(failure)
    return failure


def _of_source(failure: PfsFailure) -> PfsFailure:
    """What is written to need not be picked: who had to be is a copy's source."""
    match = _SOURCE.search(str(failure))
    return failure if match is None else CommitNotFound(str(failure), commit_named(match[1]))
