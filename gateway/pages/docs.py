"""The contract to browse and to fetch.

The page ignores its query string, so that it cannot be made to show another document. On a port of
its own it is another origin than S3, which the browser guard keeps out: it says so, and offers
nothing to try.
"""

from __future__ import annotations

import json
from pathlib import Path

import swagger_ui_bundle
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contract.document import Contract
from gateway.pages.page import HEADERS, asset, fixed_page, s3_authority, template
from gateway.settings import Settings

_SWAGGER_UI = Path(swagger_ui_bundle.swagger_ui_path)
_ASSETS = {
    "/-/docs.css": (asset("docs.css"), "text/css"),
    "/-/docs.js": (asset("docs.js"), "text/javascript"),
    "/-/assets/swagger-ui.css": (_SWAGGER_UI / "swagger-ui.css", "text/css"),
    "/-/assets/swagger-ui-bundle.js": (_SWAGGER_UI / "swagger-ui-bundle.js", "text/javascript"),
    "/-/assets/favicon-32x32.png": (_SWAGGER_UI / "favicon-32x32.png", "image/png"),
}


def docs_routes(settings: Settings, contract: Contract) -> list[Route]:
    """Swagger UI on the document, and the document itself."""
    page = template("docs.html")

    async def docs(request: Request) -> Response:
        elsewhere = ""
        if settings.admin_port is not None:
            elsewhere = f"{request.url.scheme}://{s3_authority(request, settings)}"
        filled = page.render(elsewhere=elsewhere)
        return Response(filled, media_type="text/html", headers=HEADERS)

    document = json.dumps(contract.document(), indent=1, ensure_ascii=False)
    return [
        Route("/-/docs", docs),
        fixed_page("/-/openapi.json", document.encode(), "application/json"),
        fixed_page("/-/openapi.yaml", contract.text.encode(), "application/yaml"),
        *(fixed_page(path, file.read_bytes(), kind) for path, (file, kind) in _ASSETS.items()),
    ]
