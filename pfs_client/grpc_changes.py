"""A stream of changes to pachd: ModifyFile and CreateFileSet.

It may take as long as it makes progress. Cut before its end, it leaves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from pfs_client import hazards, messages
from pfs_client.errors import pfs_error_of
from pfs_client.failures import PfsTimeout
from pfs_client.grpc_channel import Connection
from pfs_client.interface import Changes
from pfs_client.pfs_v2 import pfs_pb2
from pfs_client.values import AddFile, CopyFile, DeleteFile


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
        raise await _failure_of(call, error) from error
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


async def _failure_of(call: Any, error: Exception) -> Exception:
    """The error that ended a stream: writing to one that has ended says only that it has."""
    if isinstance(error, grpc.RpcError):
        return pfs_error_of(error)
    try:
        await call
    except grpc.RpcError as ended:
        return pfs_error_of(ended)
    return error
