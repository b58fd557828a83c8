"""Who asks, and what they may do: the words for a PFS that knows its users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pfs_client.values import Repo


class Permission(Enum):
    """What may be done to a repo. Names and numbers are pachd's."""

    REPO_READ = 200
    REPO_WRITE = 201
    REPO_MODIFY_BINDINGS = 202
    REPO_DELETE = 203
    REPO_INSPECT_COMMIT = 204
    REPO_LIST_COMMIT = 205
    REPO_DELETE_COMMIT = 206
    REPO_CREATE_BRANCH = 207
    REPO_LIST_BRANCH = 208
    REPO_DELETE_BRANCH = 209
    REPO_INSPECT_FILE = 210
    REPO_LIST_FILE = 211


@dataclass(frozen=True, slots=True)
class Authorization:
    """Whether `principal` has all that was asked for, and what is missing."""

    authorized: bool
    missing: tuple[Permission, ...]
    principal: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token belongs to, such as `robot:ci` or `user:ann@example.com`, and until when."""

    name: str
    expires: datetime | None


class PermissionCalls(ABC):
    """The calls about who asks. A part of `interface.PfsClient`.

    pachd's InspectBranch and GetFileSet let every login through: whoever tells anybody what those
    say, asks here first (`docs/pachd.md`, "Authentication and permissions").
    """

    @abstractmethod
    async def who_am_i(self) -> Principal:
        """Say whose token goes with the calls. 2 ms on pachd.

        Raises:
            AuthenticationOff: This PFS knows no users.
        """

    @abstractmethod
    async def authorize(self, repo: Repo, permissions: Iterable[Permission]) -> Authorization:
        """Say whether the token's user has permissions on a repo. 2.4 ms on pachd.

        Raises:
            AuthenticationOff: This PFS knows no users.
        """
