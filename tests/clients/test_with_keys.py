"""Every client's own signer, held against a gateway that verifies: its steps end as without keys.

The clients' programs call their key `any` and its secret `anything`, which here are real.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.outcomes import ClientUnderTest, run_client
from tests.clients.toolchains import why_not_there
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

pytestmark = pytest.mark.timeout(600)

KEYS = '[keys.any]\nsecret = "anything"\naccess = "write"\n'
NOT_SIGNED = ("test_hadoop_s3a",)
"""S3A makes no buckets, and its program makes one by a request without a signature."""

MODULES = sorted(
    file.stem
    for file in Path(__file__).parent.glob("test_*.py")
    if "\nCLIENT = " in file.read_text() and file.stem not in NOT_SIGNED
)
ALWAYS = ("test_boto3", "test_minio_go")
"""The others take minutes, and sign as they do without keys."""


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("keyed")
    file = folder / "keys.toml"
    file.write_text(KEYS)
    file.chmod(0o600)
    yield from running_gateway(EMBEDDED, folder / "pfs", "--access-keys", str(file))


@pytest.mark.parametrize(
    "module",
    [pytest.param(name, marks=() if name in ALWAYS else pytest.mark.thorough) for name in MODULES],
)
def test_each_step_ends_as_it_does_without_keys(
    module: str, keyed: GatewayProcess, tmp_path: Path
) -> None:
    client: ClientUnderTest = importlib.import_module(f"tests.clients.{module}").CLIENT
    if missing := why_not_there(client.folder):
        pytest.skip(missing)
    run = run_client(client, keyed, tmp_path)
    assert run.unexpected() == {}
    signed = [one for one in run.exchanges if one.code == "SignatureDoesNotMatch"]
    assert not signed
