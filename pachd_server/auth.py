"""auth_v2's methods: who asks, and what that user may do."""

from __future__ import annotations

from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, unary
from pachd_server.guarding import token_of
from pachd_server.users import Users
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import auth_pb2, auth_pb2_grpc
from pfs_client.permissions import Permission
from pfs_client.values import DEFAULT_PROJECT, Repo
from pfs_client.whole_pfs import WholePfs


class AuthServicer(auth_pb2_grpc.APIServicer):
    """auth_v2's service: of the users that are given, or else of those that the PFS knows."""

    def __init__(self, pfs: WholePfs, users: Users | None) -> None:
        self.pfs = pfs
        self.users = users

    @unary(pachd_texts.about_nothing)
    async def WhoAmI(
        self, request: auth_pb2.WhoAmIRequest, context: Context
    ) -> auth_pb2.WhoAmIResponse:
        """Whose token goes with the call."""
        if self.users is None:
            who = await self.pfs.who_am_i()
        else:
            who = self.users.whose(token_of(context))
        return auth_pb2.WhoAmIResponse(
            username=who.name, expiration=messages.timestamp(who.expires)
        )

    @unary(pachd_texts.about_nothing)
    async def Authorize(
        self, request: auth_pb2.AuthorizeRequest, context: Context
    ) -> auth_pb2.AuthorizeResponse:
        """Whether that user has permissions on a repo."""
        wanted = [Permission(number) for number in request.permissions]
        repo = repo_named(request.resource.name)
        if self.users is None:
            answer = await self.pfs.authorize(repo, wanted)
        else:
            answer = self.users.authorize(self.users.whose(token_of(context)).name, repo, wanted)
        missing = [permission.value for permission in answer.missing]
        return auth_pb2.AuthorizeResponse(
            authorized=answer.authorized,
            satisfied=[p.value for p in wanted if p.value not in missing],  # type: ignore[misc]
            missing=missing,  # type: ignore[arg-type]
            principal=answer.principal,
        )


def repo_named(name: str) -> Repo:
    """A repo by its name as a resource, `project/repo`."""
    project, slash, repo = name.rpartition("/")
    return Repo(repo, project if slash else DEFAULT_PROJECT)
