"""How the server's methods fail: what they raise leaves as pachd's codes and texts."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

import grpc

from pachd_server.texts import About, Refusal, Wording, status_of
from pfs_client.failures import PfsFailure

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Answer = TypeVar("Answer")

Unary: TypeAlias = Callable[[Any, Any, Context], Awaitable[Answer]]
Streaming: TypeAlias = Callable[[Any, Any, Context], AsyncIterator[Answer]]
Abouts: TypeAlias = Callable[[Any], About]


def unary(
    about: Abouts, wording: Wording | None = None
) -> Callable[[Unary[Answer]], Unary[Answer]]:
    """For a method with one answer.

    Args:
        about: What a request is about.
        wording: How this call says that something is missing or not ready.
    """

    def decorate(method: Unary[Answer]) -> Unary[Answer]:
        @functools.wraps(method)
        async def call(self: Any, request: Any, context: Context) -> Answer:
            try:
                return await method(self, request, context)
            except (PfsFailure, Refusal) as error:
                await context.abort(*status_of(error, about(request), wording))
                raise AssertionError("abort raises") from error

        return call

    return decorate


def streaming(
    about: Abouts, wording: Wording | None = None
) -> Callable[[Streaming[Answer]], Streaming[Answer]]:
    """For a method that answers a stream; its arguments are those of `unary`."""

    def decorate(method: Streaming[Answer]) -> Streaming[Answer]:
        @functools.wraps(method)
        async def call(self: Any, request: Any, context: Context) -> AsyncIterator[Answer]:
            try:
                async for message in method(self, request, context):
                    yield message
            except (PfsFailure, Refusal) as error:
                await context.abort(*status_of(error, about(request), wording))

        return call

    return decorate


async def see_whole(context: Context) -> None:
    """See that a stream of requests that has ended was whole, before anything is done with it.

    grpcio ends one that has broken off, or that holds too large a message, just as a whole one, and
    cancels the call a moment later. An answer's beginning comes after that moment: on such a call
    it is not sent any more.
    """
    await context.send_initial_metadata(())
