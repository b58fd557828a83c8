"""The composition root: which PFS there is, and what each needs around it.

This is the only place that knows. The embedded PFS decides conditions and collisions in its own
transactions and is read directly. pachd is a round trip away and decides nothing: heads and reads
are shared, ranges come in blocks, and groups are looked at before they are sent.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.blobs import INLINE_MAX_BYTES
from embedded_pfs.client import EmbeddedPfs
from gateway.identity import Identity
from gateway.settings import BadSetting, Settings
from handlers.exchange import Limits, Services
from pfs_client.failures import PfsFailure
from pfs_client.group_commit.committer import Committer, EmbeddedCommitter
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.group_commit.pachd_committer import PachdCommitter
from pfs_client.interface import PfsClient
from pfs_client.limits.memory_budget import WAIT_SECONDS
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.client import PachdClient
from pfs_client.pachd.token import cleaned
from pfs_client.reading.branch_heads import SharedHeads
from pfs_client.reading.commit_cache import CommitCache, direct_reads, remote_reads
from pfs_client.values import SMALL_FILE_BYTES

log = logging.getLogger("s3gateway")

_EMBEDDED = "embedded"
_PACHD_PORT = 30650


class Composition:
    """What one process works with. Opened on the event loop that serves."""

    def __init__(self, settings: Settings, observer: Observer) -> None:
        self._settings = settings
        self._observer = observer
        self._services: Services | None = None
        self._greeting: asyncio.Task[None] | None = None

    def services_of(self, identity: Identity) -> Services:
        """What requests of an identity work with."""
        if self._services is None:
            raise RuntimeError("the gateway has not been started")
        return self._services

    async def open(self) -> None:
        """Open the PFS. One that is somewhere else need not be there yet."""
        settings = self._settings
        pfs = open_pfs(settings, self._observer)
        transfers = Transfers(
            pfs, settings.transfer_memory_bytes, min(WAIT_SECONDS, settings.pfs_call_seconds)
        )
        around_it = _around_embedded if is_embedded(settings) else _around_pachd
        around = around_it(pfs, settings, self._observer, transfers)
        self._services = Services(
            pfs,
            around.reads,
            GroupedWrites(
                pfs,
                around.committer,
                inline_bytes=around.inline_bytes,
                commit_per_request=settings.commit_per_request,
                memory_bytes=settings.write_memory_bytes,
                wait_seconds=settings.pfs_call_seconds,
                observer=self._observer,
                transfers=transfers,
            ),
            Limits(
                settings.max_object_bytes,
                settings.max_document_bytes,
                settings.body_idle_seconds,
                settings.min_bytes_per_second,
            ),
        )
        self._greeting = asyncio.create_task(_greet(pfs, settings.pfs))

    async def close(self) -> None:
        """Commit what has joined a group, and close the PFS."""
        if self._greeting is not None:
            self._greeting.cancel()
        if self._services is not None:
            await self._drain(self._services.writes)
            await self._services.pfs.aclose()
            self._services = None

    async def _drain(self, writes: GroupedWrites) -> None:
        try:
            async with asyncio.timeout(self._settings.shutdown_seconds):
                await writes.drain()
        except TimeoutError:
            log.warning("ended before all commits have finished, or could be seen to")


def open_pfs(settings: Settings, observer: Observer = UNOBSERVED) -> PfsClient:
    """The PFS that the setting names.

    Raises:
        BadSetting: It names none.
    """
    if is_embedded(settings):
        return EmbeddedPfs(embedded_directory(settings), synchronous=settings.synchronous)
    return SharedHeads(PachdClient.open(pachd_settings(settings), observer))


def is_embedded(settings: Settings) -> bool:
    """Whether the PFS is in this process."""
    return settings.pfs.partition(":")[0] == _EMBEDDED


def embedded_directory(settings: Settings) -> Path:
    """The embedded PFS's directory.

    Raises:
        BadSetting: The setting names no directory.
    """
    directory = settings.pfs.partition(":")[2]
    if not is_embedded(settings) or not directory:
        raise BadSetting(f"--pfs {settings.pfs}: say embedded:DIRECTORY")
    return Path(directory).expanduser()


def pachd_settings(settings: Settings) -> PachdSettings:
    """How to reach pachd.

    Raises:
        BadSetting: The setting names no address, or a file that cannot be read.
    """
    kind, _, rest = settings.pfs.partition(":")
    if kind in ("grpc", "grpcs") and rest.startswith("//"):
        target = _with_port(rest.removeprefix("//").rstrip("/"))
    elif kind == "unix" and rest:
        target = settings.pfs
    else:
        raise BadSetting(
            f"--pfs {settings.pfs}: say embedded:DIRECTORY, grpc://HOST:PORT, grpcs://HOST:PORT or"
            " unix:PATH"
        )
    return PachdSettings(
        target,
        tls=kind == "grpcs",
        ca_file=_readable("--pfs-ca-file", settings.pfs_ca_file),
        token=_token(settings.pfs_token),
        token_file=_readable("--pfs-token-file", settings.pfs_token_file),
        call_seconds=settings.pfs_call_seconds,
    )


def _with_port(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, str(_PACHD_PORT)
    if not host or not port.isdecimal():
        raise BadSetting(f"--pfs: {address} is no HOST:PORT")
    return f"{host}:{port}"


def _readable(option: str, name: str) -> Path | None:
    if not name:
        return None
    path = Path(name).expanduser()
    try:
        path.read_bytes()
    except OSError as error:
        raise BadSetting(f"{option} {name}: {error.strerror}") from None
    return path


def _token(given: str) -> str:
    try:
        return cleaned(given)
    except ValueError as error:
        raise BadSetting(f"--pfs-token: {error}") from None


@dataclass(frozen=True, slots=True)
class _Around:
    """What a PFS needs around it: how it is read, how groups go to it, and which bodies with them.

    Bodies up to `inline_bytes` go with their group, larger ones into a file set first.
    """

    reads: CommitCache
    committer: Committer
    inline_bytes: int


def _around_embedded(
    pfs: PfsClient, settings: Settings, observer: Observer, transfers: Transfers
) -> _Around:
    reads = direct_reads(pfs, settings.cache_bytes, INLINE_MAX_BYTES, observer)
    return _Around(reads, EmbeddedCommitter(pfs), INLINE_MAX_BYTES)


def _around_pachd(
    pfs: PfsClient, settings: Settings, observer: Observer, transfers: Transfers
) -> _Around:
    committer = PachdCommitter(
        pfs,
        sole_writer=settings.sole_writer,
        max_unfinished=settings.max_unfinished_commits,
        ack_finished=settings.ack == "finished",
        observer=observer,
    )
    reads = remote_reads(pfs, settings.cache_bytes, observer, transfers)
    return _Around(reads, committer, SMALL_FILE_BYTES)


async def _greet(pfs: PfsClient, name: str) -> None:
    """Say in the log whether the PFS answers; requests find out for themselves."""
    try:
        log.info("%s answers: %s", name, await pfs.get_version())
    except PfsFailure as error:
        log.warning("%s does not answer yet (%s); requests are told 503 until it does", name, error)
