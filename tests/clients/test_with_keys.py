"""Every client's own signer, held against a gateway that verifies: its steps end as without keys.

The clients' programs call their key `any` and its secret `anything`, which here are real. Where the
gateway has another secret, each client tells its user that this is wrong.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.outcomes import ClientUnderTest, first_steps, run_client
from tests.clients.steps import WORKS
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
"""The others take minutes for all steps, and sign as they do without keys."""

QUICK = (*ALWAYS, "test_awscli", "test_mc", "test_pyarrow", "test_rclone", "test_s3cmd")
"""Those whose first steps are always taken; the others' too where all is tried."""

MAKE_NO_BUCKET = ("test_obstore", "test_smart_open")
"""Their programs make one by a request of their own, and so do not come to what the client says."""

LAST = "put and get 5 B"
SAYS = re.compile(r"SignatureDoesNotMatch|signature we calculated does not match")
"""What each of them shows: S3's code, or its sentence."""


def clients(always: tuple[str, ...]) -> list[Any]:
    return [
        pytest.param(name, marks=() if name in always else pytest.mark.thorough) for name in MODULES
    ]


def there(module: str) -> ClientUnderTest:
    client: ClientUnderTest = importlib.import_module(f"tests.clients.{module}").CLIENT
    if missing := why_not_there(client.folder):
        pytest.skip(missing)
    return client


def with_keys(folder: Path, text: str) -> Iterator[GatewayProcess]:
    file = folder / "keys.toml"
    file.write_text(text)
    file.chmod(0o600)
    yield from running_gateway(EMBEDDED, folder / "pfs", "--access-keys", str(file))


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    yield from with_keys(tmp_path_factory.mktemp("keyed"), KEYS)


@pytest.fixture(scope="module")
def keyed_otherwise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    other = KEYS.replace("anything", "another secret")
    yield from with_keys(tmp_path_factory.mktemp("otherwise"), other)


@pytest.mark.parametrize("module", clients(QUICK))
def test_its_first_steps_end_as_they_do_without_keys(
    module: str, keyed: GatewayProcess, tmp_path: Path
) -> None:
    client = there(module)
    steps, shown = first_steps(client, keyed, tmp_path, LAST)
    ends = {step: one.outcome for step, one in steps.items()}
    assert ends.get(LAST) == WORKS, shown
    assert ends == {step: client.expected[step] for step in ends}


@pytest.mark.parametrize(
    "module", [one for one in clients(QUICK) if one.values[0] not in MAKE_NO_BUCKET]
)
def test_a_wrong_secret_is_told_by_the_client(
    module: str, keyed_otherwise: GatewayProcess, tmp_path: Path
) -> None:
    steps, shown = first_steps(there(module), keyed_otherwise, tmp_path, "list buckets")
    assert WORKS not in {one.outcome for one in steps.values()}
    said = "\n".join([shown, *(one.message for one in steps.values())])
    assert SAYS.search(said), said


@pytest.mark.parametrize("module", clients(ALWAYS))
def test_each_step_ends_as_it_does_without_keys(
    module: str, keyed: GatewayProcess, tmp_path: Path
) -> None:
    run = run_client(there(module), keyed, tmp_path)
    assert run.unexpected() == {}
    signed = [one for one in run.exchanges if one.code == "SignatureDoesNotMatch"]
    assert not signed
