"""The whole order in which a request passes through the gateway, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver

from gateway.binding import S3Handlers
from gateway.bodies import UnreadBodies
from gateway.browser_guard import BrowserGuard
from gateway.composition import Composition
from gateway.contract import load_contract
from gateway.disconnects import Disconnects
from gateway.errors import Failures
from gateway.observation import WATCH, Observation, watch_of
from gateway.reserved import ReservedPages
from gateway.routing import S3Routing
from gateway.settings import Settings, process_settings
from gateway.virtual_hosts import VirtualHosts


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
