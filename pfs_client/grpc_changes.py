"""A stream of changes to pachd: ModifyFile and CreateFileSet.

It may take as long as it makes progress. Cut before its end, it leaves nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import grpc

from pfs_client import hazards, messages
from pfs_client.errors import pfs_error_from, pfs_error_of
from pfs_client.failures import PfsError, PfsTimeout
from pfs_client.grpc_channel import Connection, raise_unless_cancelled
from pfs_client.interface import Changes
from pfs_client.pfs_v2 import pfs_pb2
from pfs_client.values import AddFile, CopyFile, DeleteFile

_TOO_LATE = "Internal error from Core"
"""What grpcio says of a write on a call that has ended, or whose connection has just been cut."""

_STATUS_SECONDS = 1.0
"""How long pachd's word may take after a write has failed; mostly it is there."""


async def send_changes(
    connection: Connection, method: Any, changes: Changes, target: pfs_pb2.Commit | None = None
) -> Any:
    """Send changes and await what pachd says to them.

    Args:
        connection: Whose deadlines and token.
        method: The stub's method.
        changes: What to send, as it comes.
        target: The branch to commit to; None for a file set.

    Raises:
        PfsError: pachd refused, or took nothing for too long.
    """
    call = method(metadata=connection.metadata())
    status = _Status(call)
    idle = connection.settings.call_seconds
    try:
        if target is not None:
            await _send(call, pfs_pb2.ModifyFileRequest(set_commit=target), idle)
        async for message in _messages(changes):
            await _send(call, message, idle)
        async with asyncio.timeout(idle):
            await call.done_writing()
            return await call
    except TimeoutError:
        raise PfsTimeout("pachd took nothing of a write in time") from None
    except (grpc.RpcError, asyncio.InvalidStateError) as error:
        raise await status.failure(error) from error
    except asyncio.CancelledError:
        raise_unless_cancelled()
        raise
    finally:
        call.cancel()


async def _messages(changes: Changes) -> AsyncIterator[pfs_pb2.ModifyFileRequest]:
    async for change in hazards.checked(changes):
        match change:
            case AddFile(path, content):
                for chunk in messages.chunks_of(content):
                    yield messages.add_file_message(path, chunk)
            case DeleteFile(path):
                yield pfs_pb2.ModifyFileRequest(delete_file=pfs_pb2.DeleteFile(path=path))
            case CopyFile():
                yield messages.copy_file_message(change)
            case _:
                raise ValueError("pachd decides no conditions")


async def _send(call: Any, message: pfs_pb2.ModifyFileRequest, idle_seconds: float) -> None:
    async with asyncio.timeout(idle_seconds):
        await call.write(message)


class _Status:
    """How a call ended, whatever grpcio says of a write that came too late for it.

    Such a write fails with a status of its own, which grpcio puts in the place of pachd's where
    that has come, and which pachd's replaces where that comes.
    """

    def __init__(self, call: Any) -> None:
        self._call = call
        self._pachds: PfsError | None = None
        call.add_done_callback(lambda ended: self._note())

    async def failure(self, error: Exception) -> Exception:
        """The error that a call failed with, whose stream failed with another."""
        end = time.monotonic() + _STATUS_SECONDS
        while self._pachds is None and time.monotonic() < end:
            await asyncio.sleep(_STATUS_SECONDS / 100)  # grpcio tells nobody
            self._note()
        if self._pachds is not None:
            return self._pachds
        return pfs_error_of(error) if isinstance(error, grpc.RpcError) else error

    def _note(self) -> None:
        code, text = _at_once(self._call.code()), _at_once(self._call.details()) or ""
        if code not in (None, grpc.StatusCode.OK) and text != _TOO_LATE and self._pachds is None:
            self._pachds = pfs_error_from(code, text)


def _at_once(answer: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for."""
    try:
        answer.send(None)
    except StopIteration as returned:
        return returned.value
    answer.close()
    return None
