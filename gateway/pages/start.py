"""The page at `/-/`: the browser of buckets, or without it what this is and how to connect.

The browser is a program in the page. It is a client of the gateway's S3 API like any other, and has
no door of its own.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contract.document import Contract
from gateway.identity import ANYBODY, ServicesOf
from gateway.pages.connecting import lines_of_clients
from gateway.pages.page import HEADERS, STRICT_POLICY, s3_authority, template
from gateway.settings import Settings
from pfs_client.failures import PfsFailure
from pfs_client.interface import PfsClient

_SECONDS = 2.0
"""How long the page waits for a PFS that says nothing."""

_HEADERS = {**HEADERS, "Content-Security-Policy": STRICT_POLICY}
_MULTIPART = "CreateMultipartUpload"


def start_routes(services_of: ServicesOf, settings: Settings, contract: Contract) -> list[Route]:
    """The page."""
    page = template("start.html")
    declares = _Declared(contract)

    async def start(request: Request) -> Response:
        host = s3_authority(request, settings)
        endpoint = f"{request.url.scheme}://{host}"
        elsewhere = settings.admin_port is not None
        filled = page.render(
            endpoint=endpoint,
            clients=lines_of_clients(endpoint, asks_for_keys=declares.keys),
            version=await _version(services_of(ANYBODY).pfs),
            is_live=settings.browser and not elsewhere,
            elsewhere=elsewhere,
            asks_for_keys=declares.keys,
            takes_parts=declares.multipart,
            max_object=_size(settings.max_object_bytes),
        )
        return Response(filled, media_type="text/html", headers=_HEADERS)

    return [Route("/-", start), Route("/-/", start)]


class _Declared:
    """What of the contract the page tells."""

    def __init__(self, contract: Contract) -> None:
        document = contract.document()
        self.keys = bool(document["components"].get("securitySchemes"))
        operations = (
            operation
            for item in document["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
        )
        self.multipart = any(one.get("x-s3-operation") == _MULTIPART for one in operations)


async def _version(pfs: PfsClient) -> str:
    """Which PFS it is; nothing of one that is away."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await pfs.get_version()
    except (TimeoutError, PfsFailure):
        return ""


def _size(size_bytes: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size_bytes % 1024:
            return f"{size_bytes} {unit}"
        size_bytes //= 1024
    return f"{size_bytes} GiB"
