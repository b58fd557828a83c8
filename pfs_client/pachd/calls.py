"""How calls to pachd are made: by the RPC's name, with token, deadline and retries, and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty

from pfs_client.failures import PfsFailure
from pfs_client.observer import Observer
from pfs_client.pachd import messages
from pfs_client.pachd.channel import Connection
from pfs_client.pachd.file_stream import FileStream
from pfs_client.pachd.pfs_v2 import pfs_pb2, version_pb2_grpc
from pfs_client.pachd.pfs_v2.pfs_pb2_grpc import APIStub
from pfs_client.values import Commit, FileInfo, Part


@contextmanager
def observed(observer: Observer, method: str) -> Iterator[None]:
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


class Calls:
    """pfs_v2's methods.

    Args:
        connection: Whose channel, token, deadlines and retries.
        observer: Is told of every call.
    """

    def __init__(self, connection: Connection, observer: Observer) -> None:
        self._connection = connection
        self._observer = observer
        self._stub: Any = APIStub(connection.channel)  # type: ignore[no-untyped-call]
        self._version: Any = version_pb2_grpc.APIStub(connection.channel)  # type: ignore[no-untyped-call]

    async def get_version(self) -> Any:
        """Ask which pachd it is."""
        return await self._read("GetVersion", self._version.GetVersion, Empty())

    async def once(self, method: str, request: Any) -> Any:
        """Make a call that must not be repeated."""
        return await self._connection.once(
            self._answered(method, getattr(self._stub, method), request)
        )

    async def read(self, method: str, request: Any) -> Any:
        """Make a call that changes nothing."""
        return await self._read(method, getattr(self._stub, method), request)

    async def read_all(self, method: str, request: Any) -> list[Any]:
        """Gather all messages of an answer."""
        call = getattr(self._stub, method)
        metadata = self._connection.metadata()

        async def gathered(seconds: float) -> list[Any]:
            with observed(self._observer, method):
                answers = call(request, timeout=seconds, metadata=metadata)
                return [message async for message in answers]

        return await self._connection.read(gathered, self._wait_finished)

    async def listing(self, method: str, request: Any, part: Part) -> list[FileInfo]:
        """Gather a listing, and cancel it where it ends: pfs_v2 knows no prefix and no files."""
        call = getattr(self._stub, method)
        metadata = self._connection.metadata()

        async def gathered(seconds: float) -> list[FileInfo]:
            with observed(self._observer, method):
                answers = call(request, timeout=seconds, metadata=metadata)
                try:
                    return await _wanted(answers, part)
                finally:
                    answers.cancel()

        return await self._connection.read(gathered, self._wait_finished)

    async def get_file(self, request: pfs_pb2.GetFileRequest, size_bytes: int | None) -> FileStream:
        """Open a file. pfs_v2 has no length: the stream is cancelled where it should end."""

        async def opened(seconds: float) -> FileStream:
            with observed(self._observer, "GetFile"):
                call = self._stub.GetFile(request, metadata=self._connection.metadata())
                stream = FileStream(call, size_bytes, self._connection.settings.call_seconds)
                await stream.open(seconds)
                return stream

        return await self._connection.read(opened, self._wait_finished)

    async def _read(self, method: str, call: Any, request: Any) -> Any:
        return await self._connection.read(
            self._answered(method, call, request), self._wait_finished
        )

    def _answered(self, method: str, call: Any, request: Any) -> Callable[[float], Awaitable[Any]]:
        """One try of a call, as a function of the seconds that it may take."""
        metadata = self._connection.metadata()

        async def answered(seconds: float) -> Any:
            with observed(self._observer, method):
                return await call(request, timeout=seconds, metadata=metadata)

        return answered

    async def _wait_finished(self, commit: Commit) -> None:
        request = pfs_pb2.InspectCommitRequest(
            commit=messages.commit_message(commit), wait=pfs_pb2.FINISHED
        )
        await self.read("InspectCommit", request)


async def _wanted(answers: Any, part: Part) -> list[FileInfo]:
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
