"""What happens around every call with one answer: reads are tried again, each try is counted.

Calls that send or answer a stream do without (`docs/decisions/0007-interceptors.md`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import grpc

from pfs_client.failures import PfsFailure
from pfs_client.observer import Observer
from pfs_client.pachd.error_texts import failure_of
from pfs_client.pachd.tries import Tries
from pfs_client.values import Commit

READS = frozenset(
    {
        "Authorize",
        "ComposeFileSet",
        "GetFileSet",
        "GetVersion",
        "InspectBranch",
        "InspectCommit",
        "InspectFile",
        "InspectProject",
        "InspectRepo",
        "RenewFileSet",
        "WhoAmI",
    }
)
"""The methods that may be repeated, as twice is no more than once. All others are made once.

A file set that nobody has heard of goes by itself.
"""

Details: TypeAlias = grpc.aio.ClientCallDetails
Continuation: TypeAlias = Callable[[Details, Any], Awaitable[Any]]


@contextmanager
def counted(observer: Observer, method: str) -> Iterator[None]:
    """Tell an observer of a call, however it ends."""
    begun = time.perf_counter()
    outcome = "OK"
    try:
        yield
    except grpc.RpcError as error:
        outcome = error.code().name
        raise
    except asyncio.CancelledError:
        outcome = "CANCELLED"
        raise
    except PfsFailure as error:
        outcome = type(error).__name__
        raise
    finally:
        observer.call_ended(method, outcome, time.perf_counter() - begun)


class CountedCalls(grpc.aio.UnaryUnaryClientInterceptor):
    """Tells an observer of every try of every call."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: Details, request: Any
    ) -> Any:
        """Make a call, and tell of it once it has ended."""
        with counted(self._observer, _name_of(client_call_details)):
            call = await continuation(client_call_details, request)
            await call
        return call


class RepeatedReads(grpc.aio.UnaryUnaryClientInterceptor):
    """Makes a read again within its deadline, while pachd is away or has to finish a commit first.

    Args:
        wait_finished: Waits for a commit, for whom this metadata says.
    """

    def __init__(self, wait_finished: Callable[[Any, Commit], Awaitable[object]]) -> None:
        self._wait_finished = wait_finished

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: Details, request: Any
    ) -> Any:
        """Make a call until it is answered.

        Raises:
            PfsFailure: It is not, in time; or what pachd says will not change.
        """
        details = client_call_details
        if _name_of(details) not in READS or details.timeout is None:
            return await continuation(details, request)
        tries = Tries(details.timeout, partial(self._wait_finished, details.metadata))
        while True:
            try:
                call = await continuation(_within(details, tries.seconds_left()), request)
                await call
                return call
            except grpc.RpcError as error:
                await tries.pause(failure_of(error))


def _within(details: Details, seconds: float) -> Details:
    """The same call with another deadline."""
    return grpc.aio.ClientCallDetails(
        details.method, seconds, details.metadata, details.credentials, details.wait_for_ready
    )


def _name_of(details: Details) -> str:
    """The RPC's name: grpcio says bytes, whatever its type says."""
    method: str | bytes = details.method
    path = method.decode() if isinstance(method, bytes) else method
    return path.rpartition("/")[2]
