"""The embedded PFS as a server: the one place of this room that knows which PFS is served.

`python -m pachd_server --address 127.0.0.1:30650 --directory DIR [--latency 1.0]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import grpc

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.database import Clock, Synchronous, now_us
from embedded_pfs.directory import DirectoryRefused
from pachd_server.hazards import Hazards
from pachd_server.latency import PachdLatency
from pachd_server.server import serving
from pachd_server.users import Users


@dataclass(frozen=True, slots=True)
class Served:
    """An embedded PFS that is served: where, and as slowly as which model says."""

    pfs: EmbeddedPfs
    address: str
    latency: PachdLatency | None
    hazards: Hazards | None
    users: Users | None


@contextlib.asynccontextmanager
async def serving_embedded(
    directory: Path,
    address: str,
    *,
    synchronous: Synchronous = "full",
    directory_sizes: bool = True,
    latency: float | None = None,
    hazards: Hazards | None = None,
    users: Users | None = None,
    clock: Clock = now_us,
    interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[Served]:
    """Open an embedded PFS, and serve it for the length of the body.

    Args:
        directory: The data directory.
        address: As for `serving`.
        synchronous: SQLite's setting.
        directory_sizes: As for `serving`.
        latency: What pachd's times are multiplied with; None to be as fast as can be.
        hazards: As for `serving`.
        users: As for `serving`.
        clock: What file sets expire by, in microseconds since 1970.
        interceptors: gRPC's, around the model.
        credentials: As for `serving`.

    Raises:
        DirectoryRefused: The directory cannot be used.
        OSError: The address cannot be.
    """
    async with contextlib.AsyncExitStack() as stack:
        pfs = EmbeddedPfs(directory, synchronous=synchronous, clock=clock)
        stack.push_async_callback(pfs.aclose)
        model = None
        if latency is not None:
            model = PachdLatency(pfs, latency)
            stack.push_async_callback(model.queues.close)
            interceptors = [*interceptors, model]
        bound = await stack.enter_async_context(
            serving(
                pfs,
                address,
                directory_sizes=directory_sizes,
                hazards=hazards,
                users=users,
                interceptors=interceptors,
                credentials=credentials,
            )
        )
        if model is not None:
            stack.callback(model.queues.release)
        yield Served(pfs, bound, model, hazards, users)


@click.command()
@click.option(
    "--address",
    default="127.0.0.1:30650",
    show_default=True,
    help="HOST:PORT, port 0 for a free one, or unix:PATH.",
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    required=True,
    help="The data directory, created if it is not there.",
)
@click.option(
    "--synchronous",
    type=click.Choice(["full", "normal", "off"]),
    default="full",
    show_default=True,
    help="What a power cut may take: nothing, the last commits, everything.",
)
@click.option(
    "--directory-sizes/--no-directory-sizes",
    default=True,
    help="Whether listings say how much is below each directory, as pachd's do; it costs a scan.",
)
@click.option(
    "--latency",
    type=float,
    metavar="SCALE",
    help="Be as slow as pachd: 1 is a real one, 0.5 takes half of its times. With --synchronous"
    " off nothing is added for the disk, which pachd's times have in them. What was called is said"
    " at the end.",
)
@click.option(
    "--hazards",
    is_flag=True,
    help="Do harm as pachd does: take what it takes and loses, end where its process ends. For"
    " tests only.",
)
@click.option(
    "--deadly-commits",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="With --hazards: a repo with so many commits ends the server when it is deleted.",
)
def main(
    address: str,
    directory: Path,
    synchronous: Synchronous,
    directory_sizes: bool,
    latency: float | None,
    hazards: bool,
    deadly_commits: int,
) -> None:
    """Serve the embedded PFS on pachd's wire (pfs_v2).

    The gateway speaks to it as to pachd: s3gateway --pfs grpc://127.0.0.1:30650. So does
    Pachyderm's own Python SDK.
    """
    served = serving_embedded(
        directory,
        address,
        synchronous=synchronous,
        directory_sizes=directory_sizes,
        latency=latency,
        hazards=Hazards(deadly_commits) if hazards else None,
    )
    try:
        asyncio.run(_serve(served, directory))
    except (DirectoryRefused, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from None


async def _serve(
    serving_it: contextlib.AbstractAsyncContextManager[Served], directory: Path
) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving_it as served:
        click.echo(f"pfs_v2        grpc://{served.address}\ndirectory     {directory}", err=True)
        await _until(stopped, served.hazards)
    if served.latency is not None:
        for name, count in served.latency.calls.most_common():
            click.echo(f"{name:16}{count:8}", err=True)


async def _until(stopped: asyncio.Event, hazards: Hazards | None) -> None:
    """Wait until somebody stops the server, or a hazard has ended it.

    Raises:
        SystemExit: A hazard has.
    """
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(stopped.wait())]
    if hazards is not None:
        waits.append(asyncio.create_task(hazards.ended()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for one in waits:
        one.cancel()
    if hazards is not None and hazards.panic is not None:
        click.echo(hazards.panic, err=True)
        raise SystemExit(2)


if __name__ == "__main__":
    main()
