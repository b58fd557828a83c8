"""What commands on the PFS share: it is opened, and what it refuses is told in one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from gateway.composition.whole import whole_pfs
from gateway.history.places import HistoryRefused
from gateway.one_line import OneLine, told_in_one_line
from gateway.settings import Settings
from pfs_client.failures import PfsFailure
from pfs_client.whole_pfs import WholePfs


def run_on_pfs(
    settings: Settings, work: Callable[[WholePfs], Awaitable[None]], *, may_create: bool = False
) -> None:
    """Do a command's work on the PFS that the settings name.

    Raises:
        OneLine: It cannot be done.
    """

    async def on_pfs() -> None:
        async with whole_pfs(settings, may_create=may_create) as pfs:
            await work(pfs)

    with told_in_one_line(), _refusals():
        asyncio.run(on_pfs())


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (HistoryRefused, PfsFailure) as error:
        raise OneLine(str(error)) from None
