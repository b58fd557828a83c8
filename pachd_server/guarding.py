"""A server with users: each call is let through, or refused, by its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import grpc

from pachd_server.permissions import ON_CLUSTER, Needed, needed_for, needed_for_change
from pachd_server.users import NotLoggedIn, Role, Users
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.permissions import Permission

_TOKEN = "authn-token"  # noqa: S105 - its name in the metadata
Context: TypeAlias = Any


class Guard(grpc.aio.ServerInterceptor):
    """Asks for a token, and for the permissions of its user.

    Args:
        users: Who there is.
    """

    def __init__(self, users: Users) -> None:
        self._users = users

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Put the guard around a method; the version is told to everybody."""
        handler = await continuation(handler_call_details)
        if handler is None or "versionpb" in handler_call_details.method:
            return handler
        name = handler_call_details.method.rpartition("/")[2]
        if handler.request_streaming:
            wrap, method = grpc.stream_unary_rpc_method_handler, self._upload(handler)
        elif handler.response_streaming:
            wrap, method = grpc.unary_stream_rpc_method_handler, self._stream(name, handler)
        else:
            wrap, method = grpc.unary_unary_rpc_method_handler, self._unary(name, handler)
        return wrap(method, handler.request_deserializer, handler.response_serializer)

    def _unary(self, name: str, handler: Any) -> Any:
        async def call(request: Any, context: Context) -> Any:
            user = await self._user(context)
            await self._check(user, name, needed_for(name, request), context)
            if name == "DeleteRepo" and not self._may_delete(user, request):
                return pfs_pb2.DeleteRepoResponse(deleted=False)
            answer = await handler.unary_unary(request, context)
            self._note(user, name, request)
            return answer

        return call

    def _stream(self, name: str, handler: Any) -> Any:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            user = await self._user(context)
            await self._check(user, name, needed_for(name, request), context)
            async for answer in handler.unary_stream(request, context):
                yield answer

        return call

    def _upload(self, handler: Any) -> Any:
        async def call(requests: AsyncIterator[Any], context: Context) -> Any:
            user = await self._user(context)

            async def checked() -> AsyncIterator[Any]:
                async for request in requests:
                    await self._check(user, "", needed_for_change(request), context)
                    yield request

            return await handler.stream_unary(checked(), context)

        return call

    async def _user(self, context: Context) -> str:
        """Who calls; nobody is told no more than that."""
        try:
            return self._users.whose(token_of(context)).name
        except NotLoggedIn as error:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, str(error))
            raise AssertionError("abort raises") from error

    async def _check(
        self, user: str, name: str, needed: Iterable[Needed], context: Context
    ) -> None:
        if name in ON_CLUSTER and not self._users.is_admin(user):
            await self._refuse(user, Permission.REPO_DELETE_COMMIT, "CLUSTER", name, context)
        for one in needed:
            if not self._users.authorize(user, one.repo, [one.permission]).authorized:
                await self._refuse(user, one.permission, f"REPO {one.repo}", name, context)

    async def _refuse(
        self, user: str, permission: Permission, resource: str, name: str, context: Context
    ) -> None:
        prefix = "get file: " if name.startswith("GetFile") else ""
        await context.abort(
            grpc.StatusCode.PERMISSION_DENIED,
            f"{prefix}{user} is not authorized to perform this operation - needs permissions"
            f" [{permission.name}] on {resource}",
        )

    def _may_delete(self, user: str, request: pfs_pb2.DeleteRepoRequest) -> bool:
        repo = messages.repo_of(request.repo)
        return self._users.authorize(user, repo, [Permission.REPO_DELETE]).authorized

    def _note(self, user: str, name: str, request: Any) -> None:
        """Who creates a repo owns it; with it all roles on it go."""
        if name == "CreateRepo":
            self._users.grant(user, messages.repo_of(request.repo), Role.REPO_OWNER)
        elif name == "DeleteRepo":
            self._users.forget_repo(messages.repo_of(request.repo))


def token_of(context: Context) -> str | None:
    """The token that goes with a call."""
    for key, value in context.invocation_metadata() or ():
        if key == _TOKEN:
            return str(value)
    return None
