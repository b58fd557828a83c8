"""What a gateway that was installed somewhere must be able to do."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

from tests.contract.compositions import SERVED
from tests.contract.under_test import contract_with
from tests.keys.signer import Key, Signer
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


def assert_its_keys_work(command: Path, directory: Path) -> None:
    """Make keys with the program as the page on security says, and let it serve with them."""
    pasted = directory / "keys.toml"
    for arguments in ("", " --access read --bucket '*.images'"):
        line = f"umask 077; '{command}' keys new{arguments} >> '{pasted}'"
        subprocess.run(["/bin/sh", "-c", line], check=True)
    writer, reader = (
        Signer(Key(name, key["secret"]))
        for name, key in tomllib.loads(pasted.read_text())["keys"].items()
    )

    class InstalledGateway(GatewayProcess):
        program = command

    with InstalledGateway(directory / "pfs", "--access-keys", str(pasted)) as gateway:
        for bucket in ("master.images", "master.other"):
            assert writer.send(gateway, "PUT", f"/{bucket}").status == 200
            assert writer.send(gateway, "PUT", f"/{bucket}/a", b"hello").status == 200
        assert reader.send(gateway, "GET", "/master.images/a").body == b"hello"
        for refused in (
            send(gateway, "GET", "/master.images/a"),
            reader.send(gateway, "PUT", "/master.images/a", b"changed"),
            reader.send(gateway, "GET", "/master.other/a"),
        ):
            assert (refused.status, refused.code) == (403, "AccessDenied")
        guessed = Signer(Key(writer.key.name, "guessed")).send(gateway, "GET", "/master.images/a")
        assert (guessed.status, guessed.code) == (403, "SignatureDoesNotMatch")


def _assert_it_does(gateway: GatewayProcess) -> None:
    assert send(gateway, "PUT", "/master.r").status == 200
    assert send(gateway, "PUT", "/master.r/a", b"hello").status == 200
    assert send(gateway, "GET", "/master.r").texts("Contents", "Key") == ["a"]
    for page in PAGES:
        assert send(gateway, "GET", page).status == 200, page
    served = json.loads(send(gateway, "GET", "/-/openapi.json").body)
    assert served == contract_with(gateway.layers).document
