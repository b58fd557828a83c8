"""What whoever operates a gateway asks it: is it alive, is it ready, what has it counted?"""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway import request_context
from gateway.identity import ANYBODY, ServicesOf
from gateway.lifecycle import Lifecycle
from gateway.observing.metrics import Metrics
from gateway.pages.page import HEADERS
from pfs_client.failures import PfsFailure
from s3_wire.errors import AccessDenied

FULL = "ready, but the storage is full: objects can be read and deleted, not written\n"

READY_SECONDS = 2.0
"""How long PFS may take to say that it is there."""


def health_routes(
    services_of: ServicesOf, lifecycle: Lifecycle, metrics: Metrics, *, metrics_need_key: bool
) -> list[Route]:
    """`/-/health`, `/-/ready` and `/-/metrics`, which may ask for a signed request."""

    async def health(request: Request) -> Response:
        return PlainTextResponse("alive\n", headers=HEADERS)

    async def ready(request: Request) -> Response:
        if lifecycle.is_draining:
            return _not_ready("The gateway is ending")
        if await _answers(services_of):
            if metrics.is_storage_full:
                # Not 503: whoever is sent nothing any more cannot delete anything either.
                return PlainTextResponse(FULL, headers=HEADERS)
            return PlainTextResponse("ready\n", headers=HEADERS)
        return _not_ready("PFS does not answer")

    async def counted(request: Request) -> Response:
        if metrics_need_key and request_context.current().identity == ANYBODY:
            raise AccessDenied("Metrics need a signed request here, or a port of their own.")
        metrics.gather(pfs_answers=await _answers(services_of))
        text = await asyncio.to_thread(metrics.exposition)
        return Response(text, headers={**HEADERS, "Content-Type": CONTENT_TYPE_LATEST})

    return [
        Route("/-/health", health),
        Route("/-/ready", ready),
        Route("/-/metrics", counted),
    ]


def _not_ready(why: str) -> Response:
    return PlainTextResponse(f"{why}\n", 503, headers={**HEADERS, "Retry-After": "2"})


async def _answers(services_of: ServicesOf) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await services_of(ANYBODY).pfs.get_version()
    except (TimeoutError, PfsFailure):
        return False
    return True
