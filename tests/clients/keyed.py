"""Gateways that verify what clients sign.

The clients' programs and pages call their key `any` and its secret `anything`, which here are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.clients.pages import SECRET
from tests.servers import EMBEDDED, GatewayProcess, running_gateway


def gateway_with_keys(
    folder: Path, secret: str = SECRET, layers: tuple[str, ...] = ()
) -> Iterator[GatewayProcess]:
    """For fixtures: a gateway on its embedded PFS, whose only key has this secret."""
    file = folder / "keys.toml"
    file.write_text(f'[keys.any]\nsecret = "{secret}"\naccess = "write"\n')
    file.chmod(0o600)
    options = ("--access-keys", str(file))
    yield from running_gateway(EMBEDDED, folder / "pfs", *options, layers=layers)
