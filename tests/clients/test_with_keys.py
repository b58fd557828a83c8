"""What clients say where the secret is wrong, and that their lists of steps run with keys.

Each client's own module runs all its steps against `clients_gateway`, which verifies signatures on
the embedded PFS. So that they end as they should says that what its signer makes is right.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.clients.keyed import gateway_with_keys
from tests.clients.outcomes import ClientUnderTest, first_steps
from tests.clients.steps import WORKS, Outcome
from tests.clients.toolchains import why_not_there
from tests.raw_http import send
from tests.servers import EMBEDDED, GatewayProcess

pytestmark = pytest.mark.timeout(600)

MODULES = sorted(
    file.stem
    for file in Path(__file__).parent.glob("test_*.py")
    if "\nCLIENT = " in file.read_text()
)
"""Tools with other steps than the checklist's call theirs otherwise: they have none of LOOKS."""
MAKE_NO_BUCKET = ("test_hadoop_s3a", "test_obstore", "test_smart_open")
"""Their programs make one by a request of their own, for which the secret must be the right one."""

LOOKS = ("list buckets", "use a missing bucket")
"""Steps that every client has one of, and that come early."""

SAYS = re.compile(r"SignatureDoesNotMatch|signature we calculated does not match")
"""What each of them shows: S3's code, or its sentence."""


def there(module: str) -> ClientUnderTest:
    client: ClientUnderTest = importlib.import_module(f"tests.clients.{module}").CLIENT
    if missing := why_not_there(client.folder):
        pytest.skip(missing)
    return client


@pytest.fixture
def keyed_otherwise(tmp_path: Path) -> Iterator[GatewayProcess]:
    """One for each client: a gateway holds its answers back after some failures."""
    yield from gateway_with_keys(tmp_path, "another secret")


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[GatewayProcess]:
    yield from gateway_with_keys(tmp_path)


@pytest.mark.parametrize("gateway", [EMBEDDED], indirect=True)
def test_lists_of_steps_run_where_what_is_not_signed_is_refused(
    clients_gateway: GatewayProcess,
) -> None:
    answer = send(clients_gateway, "GET", "/")
    assert (answer.status, answer.code) == (403, "AccessDenied")


@pytest.mark.parametrize("module", [one for one in MODULES if one not in MAKE_NO_BUCKET])
def test_a_wrong_secret_is_told_by_the_client(
    module: str, keyed_otherwise: GatewayProcess, tmp_path: Path
) -> None:
    assert_told(*first_steps(there(module), keyed_otherwise, tmp_path, LOOKS))


@pytest.mark.parametrize("module", MAKE_NO_BUCKET)
def test_a_wrong_secret_is_told_by_a_client_that_makes_no_bucket(
    module: str, keyed: GatewayProcess, tmp_path: Path
) -> None:
    assert_told(*first_steps(there(module), keyed, tmp_path, LOOKS, "guessed"))


def assert_told(steps: Mapping[str, Outcome], shown: str) -> None:
    assert WORKS not in {one.outcome for one in steps.values()}
    said = "\n".join([shown, *(one.message for one in steps.values())])
    assert SAYS.search(said), said
