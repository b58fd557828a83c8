"""What all of the gateway's own pages have in common.

All assets come from here, none from elsewhere, and pages may load nothing else.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, Template
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.hosts import name_of
from gateway.settings import Settings

_ASSETS = Path(__file__).parent / "assets"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types s3-xml"
)
"""For pages without Swagger UI, which writes styles, and HTML from strings."""

_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_PROGRAM = "browser/app.js"


def asset(name: str) -> Path:
    """One of our own files."""
    return _ASSETS / name


def asset_routes(*, browser: bool) -> list[Route]:
    """What the pages load. Without the browser its parts stay, as the documentation has some."""
    found = (file for name in ("browser", "docs", "vendor") for file in asset(name).rglob("*"))
    files = {file.relative_to(_ASSETS).as_posix(): file for file in found if file.is_file()}
    return [
        fixed_page(f"/-/{path}", file.read_bytes(), _KINDS.get(file.suffix, "text/plain"))
        for path, file in files.items()
        if browser or path != _PROGRAM
    ]


def template(name: str) -> Template:
    """One of our own files, to be filled in. Whatever is, is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(asset(name).read_text("utf-8"))


def s3_authority(request: Request, settings: Settings) -> str:
    """The host and port of S3, as whoever asks for a page would reach them."""
    host = request.headers.get("host", settings.host)
    return host if settings.admin_port is None else f"{name_of(host)}:{settings.port}"


def fixed_page(path: str, content: bytes, media_type: str) -> Route:
    """A page that is always the same, whatever its query string."""

    async def answer(request: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return Route(path, answer)
