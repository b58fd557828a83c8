"""Calls to pachd for one identity, by the RPC's name: its token goes with each.

What goes around a call with one answer is the connection's (`interceptors`). Answers that come as a
stream are read here, and read again from the start where they break off: only who reads them knows
where they should end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty

from pfs_client.pachd import messages
from pfs_client.pachd.channel import Connection
from pfs_client.pachd.endings import told_as_failures
from pfs_client.pachd.error_texts import failure_of
from pfs_client.pachd.file_stream import FileStream
from pfs_client.pachd.interceptors import counted
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.token import Token
from pfs_client.pachd.tries import Tries
from pfs_client.values import FileInfo, Part

T = TypeVar("T")
Metadata: TypeAlias = "tuple[tuple[str, str], ...] | None"


class Caller:
    """Makes calls.

    Args:
        connection: Where; any number share it.
        token: For whom.
    """

    def __init__(self, connection: Connection, token: Token) -> None:
        self.connection = connection
        self._token = token

    def metadata(self) -> Metadata:
        """What goes with every call: the token, and nothing of any client's.

        Raises:
            PfsUnavailable: There should be a token, and it cannot be read.
        """
        token = self._token.read()
        return (("authn-token", token),) if token else None

    async def version(self) -> Any:
        """Ask which pachd it is."""
        return await self._answered("GetVersion", self.connection.version.GetVersion, Empty())

    async def ask_auth(self, method: str, request: Any) -> Any:
        """Make a call of auth_v2's.

        Raises:
            PfsFailure: pachd refused, was away, or did not answer in time.
        """
        return await self._answered(method, getattr(self.connection.auth, method), request)

    async def call(self, method: str, request: Any) -> Any:
        """Make a call with one answer; again if it is one of `interceptors.READS`.

        Raises:
            PfsFailure: pachd refused, was away, or did not answer in time.
        """
        return await self._answered(method, getattr(self.connection.pfs, method), request)

    async def gather(self, method: str, request: Any) -> list[Any]:
        """Gather all messages of an answer.

        Raises:
            PfsFailure: pachd refused, was away, or did not answer in time.
        """
        return await self._gathered(method, request, _all)

    async def listing(self, method: str, request: Any, part: Part) -> list[FileInfo]:
        """Gather a listing, and cancel it where it ends: pfs_v2 knows no prefix and no files.

        Raises:
            PfsFailure: pachd refused, was away, or did not answer in time.
        """
        return await self._gathered(method, request, partial(_wanted, part))

    async def get_file(self, request: pfs_pb2.GetFileRequest, size_bytes: int | None) -> FileStream:
        """Open a file. pfs_v2 has no length: the stream is cancelled where it should end.

        Raises:
            PfsFailure: pachd refused, was away, or did not answer in time.
        """
        metadata = self.metadata()
        tries = self._tries(metadata)
        with told_as_failures("GetFile"):
            while True:
                try:
                    seconds = tries.seconds_left()
                    with counted(self.connection.observer, "GetFile"):
                        call = self.connection.pfs.GetFile(request, metadata=metadata)
                        stream = FileStream(call, size_bytes, self.connection.call_seconds)
                        await stream.open(seconds)
                        return stream
                except grpc.RpcError as error:
                    await tries.pause(failure_of(error))

    async def stream(self, method: str, request: Any) -> AsyncIterator[Any]:
        """The messages of an answer as they come; the call ends with the iteration.

        It is made again where it breaks off before its first message.

        Raises:
            PfsFailure: pachd refused, was away, or did not answer in time.
        """
        metadata = self.metadata()
        tries = self._tries(metadata)
        has_begun = False
        with told_as_failures(method):
            while True:
                try:
                    with self._under_way(method, request, tries, metadata) as answers:
                        async for message in answers:
                            has_begun = True
                            yield message
                        return
                except grpc.RpcError as error:
                    if has_begun:
                        raise
                    await tries.pause(failure_of(error))

    async def _answered(self, method: str, call: Any, request: Any) -> Any:
        metadata, seconds = self.metadata(), self.connection.call_seconds
        with told_as_failures(method):
            return await call(request, timeout=seconds, metadata=metadata)

    async def _gathered(
        self, method: str, request: Any, take: Callable[[Any], Awaitable[list[T]]]
    ) -> list[T]:
        """What is taken of an answer's messages; from the start again if that breaks off."""
        metadata = self.metadata()
        tries = self._tries(metadata)
        with told_as_failures(method):
            while True:
                try:
                    with self._under_way(method, request, tries, metadata) as answers:
                        return await take(answers)
                except grpc.RpcError as error:
                    await tries.pause(failure_of(error))

    @contextmanager
    def _under_way(
        self, method: str, request: Any, tries: Tries, metadata: Metadata
    ) -> Iterator[Any]:
        """One try of a call that answers a stream: counted, and cancelled where it is left."""
        call = getattr(self.connection.pfs, method)
        seconds = tries.seconds_left()
        with counted(self.connection.observer, method):
            answers = call(request, timeout=seconds, metadata=metadata)
            try:
                yield answers
            finally:
                answers.cancel()

    def _tries(self, metadata: Metadata) -> Tries:
        return Tries(self.connection.call_seconds, partial(self.connection.wait_finished, metadata))


async def _all(answers: Any) -> list[Any]:
    return [message async for message in answers]


async def _wanted(part: Part, answers: Any) -> list[FileInfo]:
    """The wanted part of a listing, read no further than that."""
    found: list[FileInfo] = []
    files = 0
    async for message in answers:
        info = messages.file_info_of(message)
        if info.path.startswith(part.prefix):
            found.append(info)
            files += info.is_file
            if files == part.files != 0:
                break
        elif info.path > part.prefix:
            break
    return found
