"""The contract to browse and to fetch.

The page ignores its query string, so that it cannot be made to show another document
(`facts/negative-cases.md` 25).
"""

from __future__ import annotations

import json
from pathlib import Path

import swagger_ui_bundle
from starlette.routing import Route

from gateway.contract import contract_text, load_contract
from gateway.pages import asset, fixed_page

_SWAGGER_UI = Path(swagger_ui_bundle.swagger_ui_path)
_PAGES = {
    "/-/docs": (asset("docs.html"), "text/html"),
    "/-/docs.js": (asset("docs.js"), "text/javascript"),
    "/-/assets/swagger-ui.css": (_SWAGGER_UI / "swagger-ui.css", "text/css"),
    "/-/assets/swagger-ui-bundle.js": (_SWAGGER_UI / "swagger-ui-bundle.js", "text/javascript"),
    "/-/assets/favicon-32x32.png": (_SWAGGER_UI / "favicon-32x32.png", "image/png"),
}


def docs_routes() -> list[Route]:
    """Swagger UI on the document, and the document itself."""
    document = json.dumps(load_contract(), indent=1, ensure_ascii=False)
    return [
        fixed_page("/-/openapi.json", document.encode(), "application/json"),
        fixed_page("/-/openapi.yaml", contract_text().encode(), "application/yaml"),
        *(fixed_page(path, file.read_bytes(), kind) for path, (file, kind) in _PAGES.items()),
    ]
