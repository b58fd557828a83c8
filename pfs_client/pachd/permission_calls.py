"""auth_v2's calls about who asks."""

from __future__ import annotations

from collections.abc import Iterable

from pfs_client.pachd import messages
from pfs_client.pachd.caller import Caller
from pfs_client.pachd.pfs_v2 import auth_pb2
from pfs_client.permissions import Authorization, Permission, PermissionCalls, Principal
from pfs_client.values import Repo


class PachdPermissionCalls(PermissionCalls):
    """The calls about who asks, for one identity."""

    _caller: Caller

    async def who_am_i(self) -> Principal:
        """Say whose token goes with the calls."""
        answer = await self._caller.ask_auth("WhoAmI", auth_pb2.WhoAmIRequest())
        return Principal(answer.username, messages.optional_time(answer.expiration))

    async def authorize(self, repo: Repo, permissions: Iterable[Permission]) -> Authorization:
        """Say whether the token's user has permissions on a repo."""
        request = auth_pb2.AuthorizeRequest(
            resource=auth_pb2.Resource(type=auth_pb2.REPO, name=str(repo)),
            permissions=[permission.value for permission in permissions],  # type: ignore[misc]
        )
        answer = await self._caller.ask_auth("Authorize", request)
        missing = tuple(Permission(number) for number in answer.missing)
        return Authorization(answer.authorized, missing, answer.principal)
