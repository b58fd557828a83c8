"""A stream of changes to pachd: ModifyFile and CreateFileSet.

It may take as long as it makes progress. Cut before its end, it leaves nothing. It is made once:
nobody can say whether one that got no answer has happened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty

from pfs_client.failures import PfsFailure, PfsTimeout
from pfs_client.interface import Changes, stream_of
from pfs_client.pachd import messages
from pfs_client.pachd.caller import Caller
from pfs_client.pachd.documented import as_documented
from pfs_client.pachd.endings import raise_unless_cancelled, told_as_failures
from pfs_client.pachd.error_texts import failure_from, failure_of
from pfs_client.pachd.interceptors import counted
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.raw_messages import add_file_request
from pfs_client.values import AddFile, CopyFile, DeleteFile

_TOO_LATE = "Internal error from Core"
"""What grpcio says of a write on a call that has ended, or whose connection has just been cut."""

_STATUS_SECONDS = 1.0
"""How long pachd's word may take after a write has failed; mostly it is there."""


class ChangeStreams:
    """The two methods that take a stream of changes. Their requests are bytes already.

    Args:
        caller: For whom, and on which connection.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._observer = caller.connection.observer
        channel = caller.connection.channel
        self._modify_file: Any = channel.stream_unary(
            "/pfs_v2.API/ModifyFile", _itself, Empty.FromString
        )
        self._create_file_set: Any = channel.stream_unary(
            "/pfs_v2.API/CreateFileSet", _itself, pfs_pb2.CreateFileSetResponse.FromString
        )

    async def modify_file(self, changes: Changes, target: pfs_pb2.Commit) -> None:
        """Commit changes to a branch.

        Raises:
            PfsFailure: pachd refused, or took nothing for too long.
        """
        with counted(self._observer, "ModifyFile"):
            await self._send("ModifyFile", self._modify_file, _messages(changes, target))

    async def create_file_set(self, changes: Changes) -> str:
        """Store changes outside any commit.

        Raises:
            PfsFailure: pachd refused, or took nothing for too long.
        """
        with counted(self._observer, "CreateFileSet"):
            response = await self._send("CreateFileSet", self._create_file_set, _messages(changes))
        return str(response.file_set_id)

    async def _send(self, name: str, method: Any, requests: AsyncIterator[bytes]) -> Any:
        """Send requests as they come, and await what pachd says to them."""
        metadata, idle_seconds = self._caller.metadata(), self._caller.connection.call_seconds
        with told_as_failures(name):
            call = method(metadata=metadata)
        status = _Status(call)
        try:
            async with asyncio.timeout(idle_seconds):
                await _open(call)
            async for request in requests:
                async with asyncio.timeout(idle_seconds):
                    await call.write(request)
            async with asyncio.timeout(idle_seconds):
                await call.done_writing()
                return await call
        except TimeoutError:
            raise PfsTimeout("pachd took nothing of a write in time") from None
        except (grpc.RpcError, asyncio.InvalidStateError) as error:
            failure = await status.failure(error)
            raise (
                as_documented(name, failure) if isinstance(failure, PfsFailure) else failure
            ) from error
        except asyncio.CancelledError:
            raise_unless_cancelled()
            raise
        finally:
            call.cancel()


async def _open(call: Any) -> None:
    """Wait until a call can be written to.

    grpcio wakes nobody who waits for that, and so nobody who writes, where a call is cancelled
    before it has come so far.

    Raises:
        asyncio.CancelledError: The call has been cancelled.
        grpc.RpcError: It has failed.
    """
    opening = asyncio.ensure_future(call.wait_for_connection())

    def end(ended: Any) -> None:
        if ended.cancelled():
            opening.cancel()

    call.add_done_callback(end)
    await opening


def _itself(request: bytes) -> bytes:
    return request


async def _messages(changes: Changes, target: pfs_pb2.Commit | None = None) -> AsyncIterator[bytes]:
    if target is not None:
        yield pfs_pb2.ModifyFileRequest(set_commit=target).SerializeToString()
    async for change in stream_of(changes):
        match change:
            case AddFile(path, content):
                for chunk in messages.chunks_of(content):
                    yield add_file_request(path, chunk)
            case DeleteFile():
                yield messages.delete_file_message(change).SerializeToString()
            case CopyFile():
                yield messages.copy_file_message(change).SerializeToString()
            case _:
                raise ValueError("pachd decides no conditions")


class _Status:
    """How a call ended, whatever grpcio says of a write that came too late for it.

    Such a write fails with a status of its own, which grpcio puts in the place of pachd's where
    that has come, and which pachd's replaces where that comes.
    """

    def __init__(self, call: Any) -> None:
        self._call = call
        self._pachds: PfsFailure | None = None
        call.add_done_callback(lambda ended: self._note())

    async def failure(self, error: Exception) -> Exception:
        """The error that a call failed with, whose stream failed with another."""
        end = time.monotonic() + _STATUS_SECONDS
        while self._pachds is None and time.monotonic() < end:
            await asyncio.sleep(_STATUS_SECONDS / 100)  # grpcio tells nobody
            self._note()
        if self._pachds is not None:
            return self._pachds
        return failure_of(error) if isinstance(error, grpc.RpcError) else error

    def _note(self) -> None:
        code, text = _at_once(self._call.code()), _at_once(self._call.details()) or ""
        if code not in (None, grpc.StatusCode.OK) and text != _TOO_LATE and self._pachds is None:
            self._pachds = failure_from(code, text)


def _at_once(answer: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for."""
    try:
        answer.send(None)
    except StopIteration as returned:
        return returned.value
    answer.close()
    return None
