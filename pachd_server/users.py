"""Users, their tokens and what they may do, as a pachd with authentication has them.

`docs/pachd.md`, "Authentication and permissions".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from pfs_client.permissions import Authorization, Permission, Principal
from pfs_client.values import Repo

_READER = (
    Permission.REPO_READ,
    Permission.REPO_INSPECT_COMMIT,
    Permission.REPO_LIST_COMMIT,
    Permission.REPO_LIST_BRANCH,
    Permission.REPO_INSPECT_FILE,
    Permission.REPO_LIST_FILE,
)
_WRITER = (
    *_READER,
    Permission.REPO_WRITE,
    Permission.REPO_DELETE_COMMIT,
    Permission.REPO_CREATE_BRANCH,
    Permission.REPO_DELETE_BRANCH,
)
_OWNER = (*_WRITER, Permission.REPO_MODIFY_BINDINGS, Permission.REPO_DELETE)


class Role(Enum):
    """What somebody is to a repo, by pachd's names."""

    REPO_READER = "repoReader"
    REPO_WRITER = "repoWriter"
    REPO_OWNER = "repoOwner"

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What the role may do."""
        return _PERMISSIONS[self]


_PERMISSIONS = {
    Role.REPO_READER: _READER,
    Role.REPO_WRITER: _WRITER,
    Role.REPO_OWNER: _OWNER,
}


class NotLoggedIn(Exception):
    """No token goes with the call, or a bad one; the message is pachd's."""


@dataclass(frozen=True, slots=True)
class _Login:
    name: str
    expires: datetime | None


class Users:
    """Who there is. Tests add users and give and take roles while a server runs."""

    def __init__(self) -> None:
        self._logins: dict[str, _Login] = {}
        self._roles: dict[Repo, dict[str, set[Role]]] = {}
        self._admins: set[str] = set()

    def add(self, token: str, name: str, *, expires: datetime | None = None) -> None:
        """Let a token stand for a user, such as `robot:ci`; one user may have several."""
        self._logins[token] = _Login(name, expires)

    def forget(self, token: str) -> None:
        """Take a token back."""
        del self._logins[token]

    def grant(self, name: str, repo: Repo, role: Role) -> None:
        """Give a user a role on a repo."""
        self._roles.setdefault(repo, {}).setdefault(name, set()).add(role)

    def revoke(self, name: str, repo: Repo) -> None:
        """Take a user's roles on a repo back."""
        self._roles.get(repo, {}).pop(name, None)

    def make_admin(self, name: str) -> None:
        """Let a user do everything in the cluster."""
        self._admins.add(name)

    def forget_repo(self, repo: Repo) -> None:
        """Forget who has roles on a repo that has gone."""
        self._roles.pop(repo, None)

    def whose(self, token: str | None) -> Principal:
        """Whose token it is.

        Raises:
            NotLoggedIn: It is nobody's, or has expired.
        """
        if not token:
            raise NotLoggedIn("no authentication token (try logging in)")
        login = self._logins.get(token)
        if login is None or (login.expires is not None and login.expires <= datetime.now(UTC)):
            raise NotLoggedIn(
                "provided auth token is corrupted or has expired (try logging in again)"
            )
        return Principal(login.name, login.expires)

    def is_admin(self, name: str) -> bool:
        """Whether a user may do everything in the cluster."""
        return name in self._admins

    def authorize(self, name: str, repo: Repo, wanted: Iterable[Permission]) -> Authorization:
        """Whether a user has permissions on a repo."""
        roles = self._roles.get(repo, {}).get(name, set())
        held = {permission for role in roles for permission in role.permissions}
        missing = tuple(p for p in wanted if p not in held and not self.is_admin(name))
        return Authorization(not missing, missing, name)
