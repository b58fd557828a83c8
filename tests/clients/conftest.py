from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.keyed import gateway_with_keys
from tests.clients.outcomes import ClientUnderTest, Run, run_client
from tests.clients.quick_starts import QuickStart, run_quick_start
from tests.clients.toolchains import why_not_there
from tests.servers import EMBEDDED, GatewayProcess

_LONG = ("test_awscli", "test_s3cmd", "test_versions_in_programs")
"""Modules of clients that are commands in Python, which take long to start, or are compiled."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On other PFSs than the embedded one, what takes long runs in `make test-all` only."""
    for item in items:
        takes_long = item.path.stem in _LONG or "quick_start" in item.fixturenames  # type: ignore[attr-defined]
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if takes_long and parameters.get("gateway", EMBEDDED) != EMBEDDED:
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> ClientUnderTest:
    """The module's CLIENT, or the one that a test names, if it is there."""
    found: ClientUnderTest = getattr(request, "param", None) or request.module.CLIENT
    if missing := why_not_there(found.folder):
        pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def clients_gateway(
    gateway: GatewayProcess, layers: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """What clients are run against: on the embedded PFS one that verifies all that they sign.

    On the other PFS it has no keys, as most who try it have none. All clients sign in any case, so
    that what they send is the same.
    """
    if EMBEDDED in gateway.pfs:
        yield from gateway_with_keys(tmp_path_factory.mktemp("keyed"), layers=layers)
    else:
        yield gateway


@pytest.fixture(scope="module")
def run(
    client: ClientUnderTest,
    clients_gateway: GatewayProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """What came of its run."""
    return run_client(client, clients_gateway, tmp_path_factory.mktemp("home"))


@pytest.fixture
def quick_start(client: ClientUnderTest, gateway: GatewayProcess, tmp_path: Path) -> QuickStart:
    """What came of its page's quick start, for which a gateway needs no settings."""
    return run_quick_start(client, gateway, tmp_path)
