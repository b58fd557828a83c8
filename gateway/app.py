"""The whole order in which a request passes through the gateway, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver

from gateway.asgi import App, Receive, Scope, Send
from gateway.composition.root import Composition
from gateway.contract.binding import S3Handlers
from gateway.contract.document import Contract, layers_named, load_contract
from gateway.contract.routing import S3Routing
from gateway.errors import ErrorAnswers
from gateway.guards.browser_guard import BrowserGuard
from gateway.guards.key_file import KeyFile
from gateway.guards.keys import Keyring, SignedRequests
from gateway.guards.overload import Overload
from gateway.guards.pachd_keys import PachdKeys
from gateway.guards.virtual_hosts import VirtualHosts
from gateway.lifecycle import Lifecycle
from gateway.observing.request_observer import ObservedRequests, request_observer_of
from gateway.pages.reserved import ReservedPages
from gateway.settings import Settings, process_settings


class Gateway:
    """The gateway as an ASGI app, with what its connections need to know.

    Args:
        settings: How it is to run.
        contract: What it serves.
    """

    def __init__(self, settings: Settings, contract: Contract) -> None:
        self.settings = settings
        self.lifecycle = Lifecycle()
        self.observer = request_observer_of(settings)
        self._composition = Composition(settings, self.observer.pfs_observer, self.lifecycle)
        self._layers: App = self._layered(contract)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the process's beginning and end."""
        await self._layers(scope, receive, send)

    def _layered(self, contract: Contract) -> ConnexionMiddleware:
        settings, composition = self.settings, self._composition
        layers = ConnexionMiddleware(
            S3Handlers(composition.services_of),
            lifespan=self._lifespan,
            resolver=Resolver(),
            middlewares=[
                LifespanMiddleware,
                partial(ObservedRequests, observer=self.observer),
                ErrorAnswers,
                *self._keys(),
                partial(VirtualHosts, settings=settings),
                partial(BrowserGuard, settings=settings),
                partial(
                    ReservedPages,
                    settings=settings,
                    contract=contract,
                    services_of=composition.services_of,
                    lifecycle=self.lifecycle,
                    metrics=self.observer.metrics,
                ),
                partial(Overload, max_requests=settings.max_requests),
                S3Routing,
            ],
        )
        layers.add_api(contract.document())
        return layers

    def _keys(self) -> list[Callable[[App], App]]:
        settings = self.settings
        if not settings.has_keys:
            return []
        keyring: Keyring = PachdKeys()
        if settings.access_keys:
            keyring = KeyFile(Path(settings.access_keys).expanduser())
        introduce = self._composition if settings.pachd_keys else None
        return [partial(SignedRequests, settings=settings, keyring=keyring, introduce=introduce)]

    @asynccontextmanager
    async def _lifespan(self, app: object) -> AsyncIterator[None]:
        await self._composition.open()
        try:
            yield
        finally:
            await self._composition.close()
            await self.observer.close()


def create_app(settings: Settings | None = None) -> Gateway:
    """The gateway as an ASGI app; its settings are the environment's unless given."""
    settings = settings or process_settings()
    return Gateway(
        settings, load_contract(layers_named(settings.layers, has_keys=settings.has_keys))
    )
