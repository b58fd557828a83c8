from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

import tests.fuzz.profiles  # noqa: F401 - registers the profile
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

settings.load_profile("fuzz")


@pytest.fixture(scope="session")
def embedded_gateway(
    layers: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """A gateway on its embedded PFS, for tests that are not about the PFS."""
    folder = tmp_path_factory.mktemp("embedded") / "pfs"
    yield from running_gateway(EMBEDDED, folder, layers=layers)
