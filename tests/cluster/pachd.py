"""A pachd on this event loop: what comes over its wire is recorded, and its commits can be held."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from embedded_pfs.engine import Engine
from pachd_server.latency_model import FinishingQueues, PachdLatency
from pachd_server.server import serving
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.client import PachdClient
from tests.cluster.wire import Wire


@dataclass(frozen=True, slots=True)
class Pachd:
    """The server, and a client of it."""

    engine: Engine
    wire: Wire
    finishing: FinishingQueues
    address: str
    pfs: PachdClient


@contextlib.asynccontextmanager
async def serving_pachd(
    directory: Path,
    *,
    call_seconds: float = 20,
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[Pachd]:
    """Serve a directory for the length of the body. Commits finish at once unless they are held."""
    wire, model = Wire(), PachdLatency(scale=0)
    async with serving(
        directory,
        "127.0.0.1:0",
        synchronous="off",
        interceptors=[wire, model],
        credentials=credentials,
    ) as (engine, address):
        model.attach(engine)
        pfs = PachdClient(PachdSettings(address, call_seconds=call_seconds))
        try:
            yield Pachd(engine, wire, model.queues, address, pfs)
        finally:
            model.queues.release()
            await pfs.aclose()
    await model.queues.close()
