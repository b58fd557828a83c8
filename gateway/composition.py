"""The composition root: which PFS there is, opened and closed with the process."""

from __future__ import annotations

from pathlib import Path

from embedded_pfs.client import EmbeddedPfs
from gateway.settings import BadSetting, Settings
from handlers.exchange import Limits, Services
from pfs_client.interface import PfsClient
from pfs_client.write_batches import WriteBatches

_EMBEDDED = "embedded"


class Composition:
    """What one process works with. Opened on the event loop that serves."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services: Services | None = None

    @property
    def services(self) -> Services:
        """What handlers work with."""
        if self._services is None:
            raise RuntimeError("the gateway has not been started")
        return self._services

    async def open(self) -> None:
        """Open the PFS."""
        settings = self._settings
        pfs = open_pfs(settings)
        self._services = Services(
            pfs,
            WriteBatches(
                pfs,
                commit_per_request=settings.commit_per_request,
                memory_bytes=settings.write_memory_bytes,
            ),
            Limits(
                settings.max_object_bytes, settings.max_document_bytes, settings.body_idle_seconds
            ),
        )

    async def close(self) -> None:
        """Commit what has joined a group, and close the PFS."""
        if self._services is not None:
            await self._services.writes.drain()
            await self._services.pfs.aclose()
            self._services = None


def open_pfs(settings: Settings) -> PfsClient:
    """The PFS that the setting names."""
    return EmbeddedPfs(embedded_directory(settings), synchronous=settings.synchronous)


def embedded_directory(settings: Settings) -> Path:
    """The embedded PFS's directory.

    Raises:
        BadSetting: The setting names no PFS.
    """
    kind, _, directory = settings.pfs.partition(":")
    if kind != _EMBEDDED or not directory:
        raise BadSetting(f"--pfs {settings.pfs}: say embedded:DIRECTORY")
    return Path(directory).expanduser()
