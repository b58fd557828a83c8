"""The contract to browse and to fetch.

The page ignores its query string, so that it cannot be made to show another document. On a port of
its own it is another origin than S3, which the browser guard keeps out: it says so, and offers
nothing to try.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contract.document import Contract, load_contract
from gateway.pages.page import HEADERS, fixed_page, s3_authority, template
from gateway.settings import Settings


def docs_routes(settings: Settings, contract: Contract) -> list[Route]:
    """Swagger UI on the document, and the document itself."""
    page = template("docs.html")
    layers = json.dumps(_layers_of_operations(contract))

    async def docs(request: Request) -> Response:
        elsewhere = ""
        if settings.admin_port is not None:
            elsewhere = f"{request.url.scheme}://{s3_authority(request, settings)}"
        filled = page.render(elsewhere=elsewhere, browser=settings.browser, layers=layers)
        return Response(filled, media_type="text/html", headers=HEADERS)

    document = json.dumps(contract.document(), indent=1, ensure_ascii=False)
    return [
        Route("/-/docs", docs),
        fixed_page("/-/openapi.json", document.encode(), "application/json"),
        fixed_page("/-/openapi.yaml", contract.text.encode(), "application/yaml"),
    ]


def _layers_of_operations(contract: Contract) -> dict[str, str]:
    """Which layer has brought an operation; the others are the default contract's."""
    known = _operations(load_contract(()))
    found: dict[str, str] = {}
    for number, layer in enumerate(contract.layers, 1):
        operations = _operations(load_contract(contract.layers[:number]))
        found |= dict.fromkeys(sorted(operations - known), layer)
        known |= operations
    return found


def _operations(contract: Contract) -> set[str]:
    return {
        f"{method} {path}"
        for path, item in contract.document()["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }
