"""Those who come with a token of their own, and the services of each.

Nothing is shared between them but the connection to pachd: each has heads, caches, groups and
watches of their own, and every call for them carries their token. Who has not asked for the longest
time goes when there are too many; what they have begun ends by itself. Until then their uploads are
looked after, with their token too.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from gateway.identity import Identity
from handlers.exchange import Services
from pfs_client.failures import NotLoggedIn
from pfs_client.interface import PfsClient
from pfs_client.pachd.channel import Connection
from pfs_client.pachd.client import PachdClient
from pfs_client.pachd.token import Token
from pfs_client.reading.authorized import AuthorizedPfs
from pfs_client.reading.branch_heads import SharedHeads
from s3_wire.signature_errors import InvalidAccessKeyId

MAX_IDENTITIES = 32
SHARE = 8
"""Each has this part of the memory that there is for caches and waiting writes."""


@dataclass(frozen=True, slots=True)
class _Known:
    identity: Identity
    services: Services
    caretaking: asyncio.Task[None] | None


class Identities:
    """The services of each token that pachd knows.

    Args:
        connection: To pachd; it is nobody's.
        services_on: Makes services on a client of pachd.
        look_after: Looks after the uploads that services show, until cancelled.
        drain: Waits for what is being written.
    """

    def __init__(
        self,
        connection: Connection,
        services_on: Callable[[PfsClient], Services],
        look_after: Callable[[Services], asyncio.Task[None] | None],
        drain: Callable[[Services], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._services_on = services_on
        self._look_after = look_after
        self._drain = drain
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._leaving: set[asyncio.Task[None]] = set()

    def known(self, identity: Identity) -> Identity | None:
        """Who a token belongs to, if pachd has been asked before."""
        known = self._known.get(identity.token)
        return None if known is None else known.identity

    async def ask(self, identity: Identity) -> Identity:
        """Who a token belongs to, by pachd's name.

        Raises:
            InvalidAccessKeyId: pachd does not know the token.
            PfsFailure: pachd does not answer, or knows no users.
        """
        try:
            who = await self._client_of(identity).who_am_i()
        except NotLoggedIn:
            raise InvalidAccessKeyId(AWSAccessKeyId=identity.name) from None
        return Identity(who.name, identity.token)

    def services_of(self, identity: Identity) -> Services:
        """What requests of somebody who has been introduced work with."""
        known = self._known.get(identity.token)
        if known is None:
            heads = SharedHeads(self._client_of(identity))
            services = replace(self._services_on(heads), pfs=AuthorizedPfs(heads))
            known = _Known(identity, services, self._look_after(services))
            self._known[identity.token] = known
            if len(self._known) > MAX_IDENTITIES:
                self._let_go()
        self._known.move_to_end(identity.token)
        return known.services

    async def close(self) -> None:
        """Commit what has joined a group, and end the connection."""
        while self._known:
            self._let_go()
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self._connection.close()

    def _client_of(self, identity: Identity) -> PfsClient:
        return PachdClient(self._connection, Token(identity.token, None))

    async def _end(self, known: _Known) -> None:
        if known.caretaking is not None:
            known.caretaking.cancel()
            await asyncio.wait((known.caretaking,))
        await self._drain(known.services)
        await known.services.times.aclose()

    def _let_go(self) -> None:
        _, known = self._known.popitem(last=False)
        task = asyncio.ensure_future(self._end(known))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
