"""The whole order in which a request passes through the gateway, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver

from gateway.binding import S3Handlers
from gateway.bodies import UnreadBodies
from gateway.browser_guard import BrowserGuard
from gateway.composition import Composition
from gateway.contract import load_contract
from gateway.disconnects import Disconnects
from gateway.docs import ReservedPages
from gateway.errors import add_error_handlers
from gateway.routing import S3Routing
from gateway.settings import Settings, process_settings
from gateway.virtual_hosts import VirtualHosts


def create_app(settings: Settings | None = None) -> ConnexionMiddleware:
    """The gateway as an ASGI app; its settings are the environment's unless given."""
    settings = settings or process_settings()
    composition = Composition(settings)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        await composition.open()
        try:
            yield
        finally:
            await composition.close()

    app = ConnexionMiddleware(
        S3Handlers(composition),
        lifespan=lifespan,
        resolver=Resolver(),
        middlewares=[
            LifespanMiddleware,
            Disconnects,
            UnreadBodies,
            ExceptionMiddleware,
            partial(VirtualHosts, settings=settings),
            partial(BrowserGuard, settings=settings),
            partial(ReservedPages, settings=settings),
            S3Routing,
        ],
    )
    app.add_api(load_contract())
    add_error_handlers(app)
    return app
