"""What one process works with, opened on the event loop that serves, and closed at its end."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from functools import partial

from gateway.composition.choice import is_embedded, open_pfs, pachd_settings
from gateway.composition.identities import SHARE, Identities
from gateway.composition.surroundings import around_embedded, around_pachd
from gateway.contract.document import layers_named
from gateway.identity import ANYBODY, Identity
from gateway.key_settings import acts_for_itself
from gateway.lifecycle import Lifecycle
from gateway.settings import Settings
from handlers.exchange import Limits, Services
from pfs_client.company import never
from pfs_client.failures import PfsFailure
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import PfsClient
from pfs_client.limits.memory_budget import WAIT_SECONDS, MemoryBudget
from pfs_client.limits.transfers import DIRECT_DOWNLOAD_BYTES, DOWNLOAD_BYTES, Transfers
from pfs_client.observer import Observer
from pfs_client.pachd.channel import Connection
from pfs_client.repo_removal import Background, RepoRemoval
from pfs_client.uploads.caretaking import Caretaker
from pfs_client.uploads.uploads import Uploads
from pfs_client.versions.histories import Histories

log = logging.getLogger("s3gateway")

_HAVE_VERSIONS = frozenset({"versions", "all"})


class Composition:
    """The services of all identities: nothing that one knows or shares is another's."""

    def __init__(
        self, settings: Settings, observer: Observer, lifecycle: Lifecycle | None = None
    ) -> None:
        self._settings = settings
        self._observer = observer
        self._lifecycle = lifecycle
        self._services: dict[Identity, Services] = {}
        self._identities: Identities | None = None
        self.memory = MemoryBudget(settings.request_memory_bytes)
        self.removals = Background()
        self._greeting: asyncio.Task[None] | None = None
        self._caretaking: asyncio.Task[None] | None = None

    def services_of(self, identity: Identity) -> Services:
        """What requests of an identity work with."""
        if identity.token and self._identities is not None:
            return self._identities.services_of(identity)
        services = self._services.get(ANYBODY)
        if services is None:
            raise RuntimeError("the gateway serves nobody of that name, or has not been started")
        return services

    def known(self, identity: Identity) -> Identity | None:
        """Who somebody is, if that is known from before."""
        return identity if self._identities is None else self._identities.known(identity)

    async def ask(self, identity: Identity) -> Identity:
        """Who somebody is, by PFS's name where they come with a token of their own.

        Raises:
            InvalidAccessKeyId: PFS does not know the token.
        """
        if self._identities is None:
            return identity
        return await self._identities.ask(identity)

    async def open(self) -> None:
        """Open the PFS. One that is somewhere else need not be there yet."""
        services = self._services[ANYBODY] = self.services_on(
            open_pfs(self._settings, self._observer, self._lifecycle)
        )
        if self._settings.pachd_keys:
            connection = Connection(pachd_settings(self._settings), self._observer)
            share = _share_of(self._settings)
            services_on = partial(self.services_on, settings=share)
            self._identities = Identities(connection, services_on, self._look_after, self._drain)
        self._greeting = asyncio.create_task(_greet(services.pfs, self._settings.pfs))
        if acts_for_itself(self._settings):
            services.removal.resume()
            self._caretaking = self._look_after(services)

    def services_on(self, pfs: PfsClient, *, settings: Settings | None = None) -> Services:
        """The services that one identity's PFS gives."""
        settings = settings or self._settings
        lifecycle = self._lifecycle
        is_direct = is_embedded(settings)
        transfers = Transfers(
            pfs,
            settings.transfer_memory_bytes,
            min(WAIT_SECONDS, settings.pfs_call_seconds),
            DIRECT_DOWNLOAD_BYTES if is_direct else DOWNLOAD_BYTES,
        )
        around_it = around_embedded if is_direct else around_pachd
        around = around_it(pfs, settings, self._observer, transfers)
        has_versions = not _HAVE_VERSIONS.isdisjoint(settings.layers)
        writes = GroupedWrites(
            pfs,
            around.committer,
            inline_bytes=around.inline_bytes,
            commit_per_request=settings.commit_per_request,
            paths_once=has_versions,
            memory_bytes=settings.write_memory_bytes,
            wait_seconds=settings.pfs_call_seconds,
            observer=self._observer,
            transfers=transfers,
            is_alone=lifecycle.serves_one if lifecycle is not None and is_direct else never,
        )
        removal = RepoRemoval(pfs, writes.turn_at, self.removals, around.few_commits)
        uploads = Uploads(pfs, writes, transfers)
        histories = Histories(pfs, finds_at_once=around.finds_at_once) if has_versions else None
        return Services(
            pfs,
            around.reads,
            around.times,
            writes,
            limits(settings),
            self.memory,
            removal,
            uploads,
            histories,
        )

    def _look_after(self, services: Services) -> asyncio.Task[None] | None:
        """Look after the uploads that an identity sees, if there can be any."""
        if "multipart" not in layers_named(self._settings.layers):
            return None
        caretaker = Caretaker(
            services.pfs,
            services.writes,
            services.uploads.reader,
            timedelta(days=self._settings.upload_days),
            services.removal.remove_if_unseen,
            self._observer,
        )
        # It is no part of the request that is somebody's first.
        loop = asyncio.get_running_loop()
        return loop.create_task(caretaker.run(), context=Context())

    async def close(self) -> None:
        """Commit what has joined a group, and close the PFS."""
        for task in (self._greeting, self._caretaking):
            if task is not None:
                task.cancel()
                await asyncio.wait((task,))
        await self.removals.aclose()
        if self._identities is not None:
            await self._identities.close()
        while self._services:
            _, services = self._services.popitem()
            await self._drain(services)
            await services.times.aclose()
            await services.pfs.aclose()

    async def _drain(self, services: Services) -> None:
        try:
            async with asyncio.timeout(self._settings.shutdown_seconds):
                await services.uploads.drain()
                await services.writes.drain()
        except TimeoutError:
            log.warning("ended before all commits have finished, or could be seen to")


def _share_of(settings: Settings) -> Settings:
    """The settings for one of many who have tokens of their own."""
    return replace(
        settings,
        cache_bytes=settings.cache_bytes // SHARE,
        write_memory_bytes=max(settings.write_memory_bytes // SHARE, 1024**2),
        transfer_memory_bytes=max(settings.transfer_memory_bytes // SHARE, 1024**2),
    )


def limits(settings: Settings) -> Limits:
    """What one request may ask for."""
    return Limits(
        settings.max_object_bytes,
        settings.max_document_bytes,
        settings.body_idle_seconds,
        settings.min_bytes_per_second,
    )


async def _greet(pfs: PfsClient, name: str) -> None:
    """Say in the log whether the PFS answers; requests find out for themselves."""
    try:
        log.info("%s answers: %s", name, await pfs.get_version())
    except PfsFailure as error:
        log.warning(
            "%s does not answer yet (%s); until it does, requests get the answer 503", name, error
        )
