"""How a call to pachd that did not end well is told to who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from pfs_client.failures import PfsFailure, PfsUnavailable
from pfs_client.pachd.documented import as_documented
from pfs_client.pachd.error_texts import failure_of

_CLOSED = "the connection to pachd has been closed"


@contextmanager
def told_as_failures(method: str) -> Iterator[None]:
    """Turn gRPC's errors into the failures that a call is documented with, a closed connection too.

    Only for who waits for the call itself: a task that gRPC has made in between is cancelled in the
    same way by both, who waits and the connection that is closed.
    """
    try:
        yield
    except PfsFailure as failure:
        raise as_documented(method, failure) from failure.__cause__
    except grpc.RpcError as error:
        raise as_documented(method, failure_of(error)) from error
    except grpc.aio.UsageError as error:  # closed before: nothing else that it is said of is done
        raise PfsUnavailable(_CLOSED) from error
    except asyncio.CancelledError:
        raise_unless_cancelled()
        raise


def raise_unless_cancelled() -> None:
    """For a call that has been cancelled: say so unless it was whoever waits for it.

    Raises:
        PfsUnavailable: The connection has been closed under it.
    """
    task = asyncio.current_task()
    if task is not None and not task.cancelling():
        raise PfsUnavailable(_CLOSED) from None
