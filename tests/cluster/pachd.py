"""A pachd on this event loop: what comes over its wire is recorded, and its commits can be held."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from embedded_pfs.database import Clock, now_us
from embedded_pfs.engine import Engine
from pachd_server.__main__ import serving_embedded
from pachd_server.finishing import FinishingQueues
from pachd_server.hazards import Hazards
from pachd_server.users import Users
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.whole_client import WholePachdClient
from tests.cluster.wire import Wire


@dataclass(frozen=True, slots=True)
class Pachd:
    """The server, and a client of it."""

    engine: Engine
    wire: Wire
    finishing: FinishingQueues
    address: str
    pfs: WholePachdClient


@contextlib.asynccontextmanager
async def serving_pachd(
    directory: Path,
    *,
    call_seconds: float = 20,
    credentials: grpc.ServerCredentials | None = None,
    hazards: Hazards | None = None,
    users: Users | None = None,
    clock: Clock = now_us,
) -> AsyncIterator[Pachd]:
    """Serve a directory for the length of the body. Commits finish at once unless they are held.

    It does harm as pachd does; a test fails that has let it end.

    Args:
        directory: The data directory.
        call_seconds: How long calls of `Pachd.pfs` may take.
        credentials: For TLS.
        hazards: Whose, if a test needs to say how many commits are deadly.
        users: Who may do what; the token of `Pachd.pfs` is `root`, of an administrator.
        clock: What file sets expire by.
    """
    wire = Wire()
    hazards = hazards or Hazards()
    if users is not None:
        users.add("root", "pach:root")
        users.make_admin("pach:root")
    async with serving_embedded(
        directory,
        "127.0.0.1:0",
        synchronous="off",
        latency=0,
        hazards=hazards,
        users=users,
        clock=clock,
        interceptors=[wire],
        credentials=credentials,
    ) as served:
        assert served.latency is not None
        queues = served.latency.queues
        token = "" if users is None else "root"
        settings = PachdSettings(served.address, call_seconds=call_seconds, token=token)
        pfs = WholePachdClient.open(settings)
        try:
            yield Pachd(served.pfs.engine, wire, queues, served.address, pfs)
        finally:
            queues.release()
            await pfs.aclose()
            assert hazards.panic is None
