"""What all of the gateway's own pages have in common.

All assets come from here, none from elsewhere, and pages may load nothing else.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = b"/-"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def is_reserved(raw_path: bytes) -> bool:
    """Whether a path is one of the gateway's own, and no bucket's."""
    return raw_path.startswith(PREFIX) and raw_path[2:3] in (b"", b"/")


def asset(name: str) -> Traversable:
    """One of our own files."""
    return files("gateway").joinpath("assets", name)


def fixed_page(path: str, content: bytes, media_type: str) -> Route:
    """A page that is always the same, whatever its query string."""

    async def answer(request: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return Route(path, answer)
