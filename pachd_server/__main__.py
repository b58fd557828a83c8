"""The embedded PFS as a server.

`python -m embedded_pfs --address 127.0.0.1:30650 --directory DIR`.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from embedded_pfs.database import Synchronous
from embedded_pfs.directory import DirectoryRefused
from pachd_server.server import serving


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
def main(address: str, directory: Path, synchronous: Synchronous, directory_sizes: bool) -> None:
    """Serve the embedded PFS on pachd's wire (pfs_v2).

    The gateway speaks to it as to pachd: s3gateway --pfs grpc://127.0.0.1:30650. So does
        Pachyderm's own Python SDK.
    """
    try:
        asyncio.run(_serve(address, directory, synchronous, directory_sizes))
    except (DirectoryRefused, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from None


async def _serve(
    address: str, directory: Path, synchronous: Synchronous, directory_sizes: bool
) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(
        directory, address, synchronous=synchronous, directory_sizes=directory_sizes
    ) as (_, bound):
        click.echo(f"pfs_v2        grpc://{bound}\ndirectory     {directory}", err=True)
        await stopped.wait()


if __name__ == "__main__":
    main()
