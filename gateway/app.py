"""The whole order in which a request passes through the gateway, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver

from gateway.composition import Composition
from gateway.contract.binding import S3Handlers
from gateway.contract.document import load_contract
from gateway.contract.routing import S3Routing
from gateway.errors import Failures
from gateway.guards.browser_guard import BrowserGuard
from gateway.guards.virtual_hosts import VirtualHosts
from gateway.http.bodies import UnreadBodies
from gateway.http.disconnects import Disconnects
from gateway.observing.observation import WATCH, Observation, watch_of
from gateway.pages.reserved import ReservedPages
from gateway.settings import Settings, process_settings


def create_app(settings: Settings | None = None) -> ConnexionMiddleware:
    """The gateway as an ASGI app; its settings are the environment's unless given."""
    settings = settings or process_settings()
    watch = watch_of(settings)
    composition = Composition(settings, watch.observer)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[dict[str, object]]:
        await composition.open()
        try:
            yield {WATCH: watch}
        finally:
            await composition.close()
            await watch.close()

    app = ConnexionMiddleware(
        S3Handlers(composition),
        lifespan=lifespan,
        resolver=Resolver(),
        middlewares=[
            LifespanMiddleware,
            partial(Observation, watch=watch),
            Disconnects,
            UnreadBodies,
            Failures,
            partial(VirtualHosts, settings=settings),
            partial(BrowserGuard, settings=settings),
            partial(ReservedPages, settings=settings, composition=composition, watch=watch),
            S3Routing,
        ],
    )
    app.add_api(load_contract())
    return app
