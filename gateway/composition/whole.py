"""All of the PFS that the settings name, for a command that does its work and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.directory import DirectoryRefused
from gateway.composition.choice import embedded_directory, is_embedded, pachd_settings
from gateway.settings import BadSetting, Settings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.whole_pfs import WholePfs


@asynccontextmanager
async def whole_pfs(settings: Settings, *, may_create: bool = False) -> AsyncIterator[WholePfs]:
    """Open the PFS. Gateways may serve it meanwhile.

    Args:
        settings: They name it.
        may_create: Whether an embedded PFS is made where there is none.

    Raises:
        BadSetting: The setting names no PFS, or there is none in the directory.
    """
    pfs = _opened(settings, may_create=may_create)
    try:
        yield pfs
    finally:
        await pfs.aclose()


def _opened(settings: Settings, *, may_create: bool) -> WholePfs:
    if not is_embedded(settings):
        return WholePachdClient.open(pachd_settings(settings))
    directory = embedded_directory(settings)
    if not (may_create or (directory / "pfs.sqlite").exists()):
        raise BadSetting(f"there is no embedded PFS in {directory}")
    try:
        return EmbeddedPfs(directory, synchronous=settings.synchronous)
    except DirectoryRefused as error:
        raise BadSetting(str(error)) from None
