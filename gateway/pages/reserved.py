"""The gateway's own pages, under `/-/`, and who answers what there.

They may be on a port of their own, which then serves nothing else. They are answered however much
else is going on.
"""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.routing import Router

from gateway import request_context
from gateway.asgi import App, Receive, Scope, Send
from gateway.contract.document import Contract
from gateway.identity import ServicesOf
from gateway.lifecycle import Lifecycle
from gateway.observing.metrics import Metrics
from gateway.observing.request_observer import PAGE
from gateway.pages.docs import docs_routes
from gateway.pages.health import health_routes
from gateway.pages.page import asset_routes
from gateway.pages.start import start_routes
from gateway.reserved_paths import is_reserved
from gateway.settings import Settings
from s3_wire.errors import NoSuchKey, NotImplemented


class ReservedPages:
    """Answers what is under `/-/`, and hands everything else on."""

    def __init__(
        self,
        next_app: App,
        settings: Settings,
        contract: Contract,
        services_of: ServicesOf,
        lifecycle: Lifecycle,
        metrics: Metrics,
    ) -> None:
        self._next_app = next_app
        self._admin_port = settings.admin_port
        routes = health_routes(
            services_of,
            lifecycle,
            metrics,
            metrics_need_key=settings.has_keys and settings.admin_port is None,
        )
        if settings.docs:
            routes += docs_routes(settings, contract) + asset_routes(browser=settings.browser)
            routes += start_routes(services_of, settings, contract)
        self._pages = Router(routes, redirect_slashes=False, default=_nothing_there)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Look at the port, and at the first component of the path.

        Raises:
            NoSuchKey: There is no such page, or not on this port.
            NotImplemented: It would change a page.
        """
        if scope["type"] != "http" or not self._is_for_us(scope):
            return self._next_app(scope, receive, send)
        request_context.current().record.operation = PAGE
        if scope["method"] not in ("GET", "HEAD"):
            raise NotImplemented("/-/ holds the gateway's own pages, which can be read only.")
        return self._pages(scope, receive, send)

    def _is_for_us(self, scope: Scope) -> bool:
        is_page = is_reserved(scope["raw_path"])
        if self._admin_port is None:
            return is_page
        is_ours: bool = scope["server"][1] == self._admin_port
        if is_ours != is_page:
            what = "The gateway's own pages are" if is_page else "Buckets are"
            raise NoSuchKey(f"{what} on another port.")
        return is_ours


async def _nothing_there(scope: Scope, receive: Receive, send: Send) -> None:
    raise NoSuchKey("There is no such page. /-/ is reserved for the gateway's own pages.")
