"""The gateway's own pages, under `/-/`: the contract to browse and to fetch.

All assets come from here, none from elsewhere, and the pages may load nothing else. The page
ignores its query string, so that it cannot be made to show another document
(`facts/negative-cases.md` 25).
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import swagger_ui_bundle
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from gateway.asgi import App, Receive, Scope, Send
from gateway.contract import contract_text, load_contract
from gateway.settings import Settings
from s3_wire.errors import NoSuchKey, NotImplemented

PREFIX = b"/-"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_OURS = files("gateway").joinpath("pages")
_SWAGGER_UI = Path(swagger_ui_bundle.swagger_ui_path)
_PAGES = {
    "/-/docs": (_OURS.joinpath("docs.html"), "text/html"),
    "/-/docs.js": (_OURS.joinpath("docs.js"), "text/javascript"),
    "/-/assets/swagger-ui.css": (_SWAGGER_UI / "swagger-ui.css", "text/css"),
    "/-/assets/swagger-ui-bundle.js": (_SWAGGER_UI / "swagger-ui-bundle.js", "text/javascript"),
    "/-/assets/favicon-32x32.png": (_SWAGGER_UI / "favicon-32x32.png", "image/png"),
}


class ReservedPages:
    """Answers what is under `/-/`, and hands everything else on."""

    def __init__(self, next_app: App, settings: Settings) -> None:
        self._next_app = next_app
        self._pages = Router(_routes(settings), redirect_slashes=False, default=_nothing_there)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the first component of the path."""
        if scope["type"] == "http" and is_reserved(scope["raw_path"]):
            if scope["method"] not in ("GET", "HEAD"):
                raise NotImplemented("/-/ holds the gateway's own pages, which can be read only.")
            await self._pages(scope, receive, send)
            return
        await self._next_app(scope, receive, send)


def is_reserved(raw_path: bytes) -> bool:
    """Whether a path is one of the gateway's own, and no bucket's."""
    return raw_path.startswith(PREFIX) and raw_path[2:3] in (b"", b"/")


def _routes(settings: Settings) -> list[Route]:
    document = json.dumps(load_contract(), indent=1, ensure_ascii=False)
    routes = [
        _page("/-/openapi.json", document.encode(), "application/json"),
        _page("/-/openapi.yaml", contract_text().encode(), "application/yaml"),
    ]
    if settings.docs:
        routes += [Route("/-", _to_docs), Route("/-/", _to_docs)]
        routes += [_page(path, file.read_bytes(), kind) for path, (file, kind) in _PAGES.items()]
    return routes


def _page(path: str, content: bytes, media_type: str) -> Route:
    async def answer(request: Request) -> Response:
        return Response(content, media_type=media_type, headers=_HEADERS)

    return Route(path, answer)


async def _to_docs(request: Request) -> Response:
    return RedirectResponse("/-/docs", headers=_HEADERS)


async def _nothing_there(scope: Scope, receive: Receive, send: Send) -> None:
    raise NoSuchKey("There is no such page. /-/ is reserved for the gateway's own pages.")
