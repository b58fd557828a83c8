"""One connection to pachd for a whole process: its address, its options, and what is around calls.

Any number of clients share it, each with a token of its own: that goes with their calls, as the
connection is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.pachd import messages
from pfs_client.pachd.interceptors import CountedCalls, RepeatedReads
from pfs_client.pachd.pfs_v2 import auth_pb2_grpc, pfs_pb2, version_pb2_grpc
from pfs_client.pachd.pfs_v2.pfs_pb2_grpc import APIStub
from pfs_client.values import Commit

_OPTIONS = [
    ("grpc.max_receive_message_length", messages.MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", messages.MAX_MESSAGE_BYTES),
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
    """The channel and pfs_v2's methods on it. Nothing is connected until the first call.

    Args:
        settings: Where pachd is, and how long a call may take. The token is not the connection's.
        observer: Is told of every call.
    """

    def __init__(self, settings: PachdSettings, observer: Observer = UNOBSERVED) -> None:
        self.call_seconds = settings.call_seconds
        self.observer = observer
        self.channel = _channel(
            settings, [RepeatedReads(self.wait_finished), CountedCalls(observer)]
        )
        self.pfs: Any = APIStub(self.channel)  # type: ignore[no-untyped-call]
        self.auth: Any = auth_pb2_grpc.APIStub(self.channel)  # type: ignore[no-untyped-call]
        self.version: Any = version_pb2_grpc.APIStub(self.channel)  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """End all calls and the connection, for all who share it."""
        await self.channel.close()

    async def wait_finished(self, metadata: Any, commit: Commit) -> None:
        """Wait until a commit has finished.

        Args:
            metadata: Goes with the call, and says for whom it is.
            commit: The commit.

        Raises:
            grpc.RpcError: pachd says no.
            PfsFailure: It does not answer.
        """
        request = pfs_pb2.InspectCommitRequest(
            commit=messages.commit_message(commit), wait=pfs_pb2.FINISHED
        )
        await self.pfs.InspectCommit(request, timeout=self.call_seconds, metadata=metadata)


def _channel(
    settings: PachdSettings, interceptors: list[grpc.aio.ClientInterceptor]
) -> grpc.aio.Channel:
    if not settings.tls:
        return grpc.aio.insecure_channel(
            settings.target, options=_OPTIONS, interceptors=interceptors
        )
    authorities = settings.ca_file.read_bytes() if settings.ca_file else None
    credentials = grpc.ssl_channel_credentials(root_certificates=authorities)
    return grpc.aio.secure_channel(
        settings.target, credentials, options=_OPTIONS, interceptors=interceptors
    )
