"""What a gateway that was installed somewhere must be able to do."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.contract.document import load_contract
from tests.raw_http import send
from tests.servers import GatewayProcess

PAGES = ("/-/", "/-/docs", "/-/docs.js", "/-/assets/swagger-ui-bundle.js", "/-/metrics")


def assert_it_serves(command: Path, directory: Path) -> None:
    """Start a program and use all that it should have brought along."""

    class InstalledGateway(GatewayProcess):
        program = command

    with InstalledGateway(directory) as gateway:
        assert send(gateway, "PUT", "/master.r").status == 200
        assert send(gateway, "PUT", "/master.r/a", b"hello").status == 200
        assert send(gateway, "GET", "/master.r").texts("Contents", "Key") == ["a"]
        for page in PAGES:
            assert send(gateway, "GET", page).status == 200, page
        assert (
            json.loads(send(gateway, "GET", "/-/openapi.json").body) == load_contract(()).document()
        )
        assert gateway.stop() == 0
