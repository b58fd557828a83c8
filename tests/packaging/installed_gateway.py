"""What a gateway that was installed somewhere must be able to do."""

from __future__ import annotations

import json
from pathlib import Path

from tests.contract.compositions import SERVED
from tests.contract.under_test import contract_with
from tests.raw_http import send
from tests.servers import GatewayProcess

PAGES = (
    "/-/",
    "/-/docs",
    "/-/docs/docs.js",
    "/-/browser/app.js",
    "/-/vendor/swagger-ui-dist/swagger-ui-bundle.js",
    "/-/metrics",
)


def assert_it_serves(command: Path, directory: Path) -> None:
    """Start a program and use all that it should have brought along, each composition too.

    One with keys answers nobody without them.
    """

    class InstalledGateway(GatewayProcess):
        program = command

    for layers in SERVED:
        with InstalledGateway(directory / "-".join(["pfs", *layers]), layers=layers) as gateway:
            _assert_it_does(gateway)
            assert gateway.stop() == 0


def _assert_it_does(gateway: GatewayProcess) -> None:
    assert send(gateway, "PUT", "/master.r").status == 200
    assert send(gateway, "PUT", "/master.r/a", b"hello").status == 200
    assert send(gateway, "GET", "/master.r").texts("Contents", "Key") == ["a"]
    for page in PAGES:
        assert send(gateway, "GET", page).status == 200, page
    served = json.loads(send(gateway, "GET", "/-/openapi.json").body)
    assert served == contract_with(gateway.layers).document
