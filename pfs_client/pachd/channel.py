"""One connection to pachd for a whole process: its address, its token, deadlines and retries."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc

from pfs_client.failures import CommitNotFinished, PfsTimeout, PfsUnavailable
from pfs_client.pachd.error_texts import failure_of
from pfs_client.pachd.messages import MAX_MESSAGE_BYTES
from pfs_client.pachd.token import Token
from pfs_client.values import Commit

T = TypeVar("T")

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # pachd allows a ping every 5 seconds, its own clients send one every 20.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # Come back soon once pachd is back.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]
_TRIES = 4
_FIRST_BACKOFF_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class PachdSettings:
    """How to reach pachd.

    Args:
        target: `HOST:PORT`.
        tls: Whether to speak TLS.
        ca_file: The authorities to trust; gRPC's own list if None.
        token: A Pachyderm token, sent with every call; none if empty.
        token_file: A file that holds one, read again when it changes.
        call_seconds: How long one call may take; for a stream, how long it may bring nothing.
    """

    target: str
    tls: bool = False
    ca_file: Path | None = None
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    call_seconds: float = 60.0


class Connection:
    """The channel, and how calls are made on it. Nothing is connected until the first call."""

    def __init__(self, settings: PachdSettings) -> None:
        self.settings = settings
        self._token = Token(settings.token, settings.token_file)
        self.channel = _channel(settings)

    async def close(self) -> None:
        """End all calls and the connection."""
        await self.channel.close()

    def metadata(self) -> tuple[tuple[str, str], ...] | None:
        """What goes with every call: the token, and nothing of any client's.

        Raises:
            PfsUnavailable: There should be a token, and it cannot be read.
        """
        token = self._token.read()
        return (("authn-token", token),) if token else None

    async def once(self, call: Callable[[float], Awaitable[T]]) -> T:
        """Make a call that must not be repeated.

        Args:
            call: Starts it, with a deadline in seconds.
        """
        try:
            return await call(self.settings.call_seconds)
        except grpc.RpcError as error:
            raise failure_of(error) from error
        except asyncio.CancelledError:
            raise_unless_cancelled()
            raise

    async def read(
        self,
        call: Callable[[float], Awaitable[T]],
        wait_finished: Callable[[Commit], Awaitable[object]] | None = None,
    ) -> T:
        """Make a call that changes nothing.

        It is made again if pachd was away, and once a commit that it needs has finished.

        Args:
            call: Starts it, with a deadline in seconds.
            wait_finished: Waits for a commit that has to finish first.
        """
        end = time.monotonic() + self.settings.call_seconds
        tries = 0
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise PfsTimeout("pachd did not answer in time")
            try:
                return await call(left)
            except grpc.RpcError as error:
                failure = failure_of(error)
            except asyncio.CancelledError:
                raise_unless_cancelled()
                raise
            tries += 1
            if isinstance(failure, CommitNotFinished) and failure.commit and wait_finished:
                await _wait_until(end, wait_finished(failure.commit))
                if tries == 1:
                    continue  # that it has finished should be all that was missing
            elif not isinstance(failure, PfsUnavailable) or tries >= _TRIES:
                raise failure
            await asyncio.sleep(_backoff_seconds(tries))


def raise_unless_cancelled() -> None:
    """For a call that has been cancelled: say so unless it was whoever waits for it.

    Raises:
        PfsUnavailable: The connection has been closed under it.
    """
    task = asyncio.current_task()
    if task is not None and not task.cancelling():
        raise PfsUnavailable("the connection to pachd has been closed") from None


def _backoff_seconds(tries: int) -> float:
    factor = 1 << min(tries, _TRIES)
    return _FIRST_BACKOFF_SECONDS * factor * random.uniform(0.5, 1)  # noqa: S311 - no secret


async def _wait_until(end: float, finished: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(end - time.monotonic()):
            await finished
    except TimeoutError:
        raise PfsTimeout("a commit that is read did not finish in time") from None


def _channel(settings: PachdSettings) -> grpc.aio.Channel:
    if not settings.tls:
        return grpc.aio.insecure_channel(settings.target, options=_OPTIONS)
    authorities = settings.ca_file.read_bytes() if settings.ca_file else None
    credentials = grpc.ssl_channel_credentials(root_certificates=authorities)
    return grpc.aio.secure_channel(settings.target, credentials, options=_OPTIONS)
