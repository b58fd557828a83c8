"""A PFS as a pfs_v2 server.

Same methods, messages, codes and texts as pachd's, as far as they are known (`docs/pachd.md`). What
the PFS refuses is refused here too: of the embedded one a file at `/` (pachd takes it, and cannot
delete it), and a write that would make a file collide with a directory. With `Hazards` the latter
is taken and lost, as by pachd, and what ends pachd ends this server.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import grpc
from google.protobuf.empty_pb2 import Empty

from pachd_server.auth import AuthServicer
from pachd_server.calls import Context
from pachd_server.commits import CommitsServicer
from pachd_server.guarding import Guard
from pachd_server.hazards import Hazards
from pachd_server.reading import ReadingServicer
from pachd_server.repos import ReposServicer
from pachd_server.users import Users
from pachd_server.writing import WritingServicer
from pfs_client.pachd.messages import MAX_MESSAGE_BYTES
from pfs_client.pachd.pfs_v2 import (
    auth_pb2_grpc,
    pfs_pb2_grpc,
    version_pb2,
    version_pb2_grpc,
)
from pfs_client.whole_pfs import WholePfs

_GRACE_SECONDS = 5.0
_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
    # Let clients ask whether we are alive as often as ours does.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
]


class PfsServicer(
    ReposServicer, CommitsServicer, ReadingServicer, WritingServicer, pfs_pb2_grpc.APIServicer
):
    """pfs_v2's service on one PFS."""

    def __init__(self, pfs: WholePfs, *, directory_sizes: bool, hazards: Hazards | None) -> None:
        self.pfs = pfs
        self.hazards = hazards
        self.directory_sizes = directory_sizes


class VersionServicer(version_pb2_grpc.APIServicer):
    """Says which pachd this would be."""

    async def GetVersion(self, request: Empty, context: Context) -> version_pb2.Version:
        """The release line whose facts are imitated."""
        return version_pb2.Version(major=2, minor=12, micro=0, additional="-embedded")


@contextlib.asynccontextmanager
async def serving(
    pfs: WholePfs,
    address: str,
    *,
    directory_sizes: bool = True,
    hazards: Hazards | None = None,
    users: Users | None = None,
    interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[str]:
    """Serve a PFS for the length of the body. It is the caller's to close.

    Args:
        pfs: What is served.
        address: `HOST:PORT`, port 0 for a free one, or `unix:PATH`.
        directory_sizes: Whether listings say how much is below a directory, where the PFS does not.
        hazards: What harm is done as pachd does it; None for none. Where it ends the server,
            nobody is answered any more.
        users: Who may do what; None to have no authentication of the server's own.
        interceptors: gRPC's.
        credentials: For TLS; None for none.

    Yields:
        The address that is served.

    Raises:
        OSError: The address cannot be.
    """
    if users is not None:
        interceptors = [*interceptors, Guard(users)]
    server = grpc.aio.server(options=_OPTIONS, interceptors=interceptors)
    servicer = PfsServicer(pfs, directory_sizes=directory_sizes, hazards=hazards)
    pfs_pb2_grpc.add_APIServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
    version_pb2_grpc.add_APIServicer_to_server(VersionServicer(), server)  # type: ignore[no-untyped-call]
    auth_pb2_grpc.add_APIServicer_to_server(AuthServicer(pfs, users), server)  # type: ignore[no-untyped-call]
    try:
        bound = _bind(server, address, credentials)
        await server.start()
        async with _mortal(server, hazards):
            yield bound
    finally:
        await server.stop(_GRACE_SECONDS)


@contextlib.asynccontextmanager
async def _mortal(server: grpc.aio.Server, hazards: Hazards | None) -> AsyncIterator[None]:
    """Stop the server as soon as a hazard has ended it."""
    if hazards is None:
        yield
        return

    async def stop() -> None:
        await hazards.ended()
        await server.stop(None)

    watching = asyncio.create_task(stop())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def _bind(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None) -> str:
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}") from error
    if address.startswith("unix:"):
        return address
    return f"{address.rpartition(':')[0]}:{port}"
