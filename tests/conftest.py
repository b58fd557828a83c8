from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.contract.under_test import ContractUnderTest, contract_with
from tests.servers import BACKENDS, GatewayProcess, running_gateway

_numbers = itertools.count()


class ClientsStayTogether(LoadScopeScheduling):  # type: ignore[misc]
    """Gives one worker all tests of a real client, which share its run, and spreads the others.

    pytest-xdist's own groups (in 3.8) have no effect with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith("tests/clients/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ClientsStayTogether:
    return ClientsStayTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share a gateway follow each other: it is started and stopped once.

    Pytest alone would go by the cases of `each_case`, and change the gateway at each.
    """
    items.sort(key=_shared_gateway)


def _shared_gateway(item: pytest.Item) -> tuple[str, str]:
    called = getattr(item, "callspec", None)
    parameters = called.params if called else {}
    return str(parameters.get("layers", ())), str(parameters.get("gateway", ""))


@pytest.fixture(scope="session", params=[pytest.param((), id=pytest.HIDDEN_PARAM)])
def layers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Those of the contract under test: none, unless a test is marked with `each_composition`."""
    composition: tuple[str, ...] = request.param
    return composition


@pytest.fixture(scope="session")
def contract(layers: tuple[str, ...]) -> ContractUnderTest:
    """The contract that the gateway under test serves."""
    return contract_with(layers)


@pytest.fixture(scope="session", params=BACKENDS)
def gateway(
    request: pytest.FixtureRequest,
    layers: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    """A gateway that a whole test run shares; each test has a bucket of its own."""
    folder = tmp_path_factory.mktemp("gateway") / "pfs"
    yield from running_gateway(request.param, folder, layers=layers)


@pytest.fixture(params=BACKENDS)
def own_gateway(
    request: pytest.FixtureRequest, layers: tuple[str, ...], tmp_path: Path
) -> Iterator[GatewayProcess]:
    """A gateway for one test, which may look at all of it or break it."""
    yield from running_gateway(request.param, tmp_path / "pfs", layers=layers)


@pytest.fixture(scope="session")
def s3(gateway: GatewayProcess) -> Iterator[Any]:
    """A boto3 client as people use it."""
    client = boto3_client(gateway)
    yield client
    client.close()


@pytest.fixture
def new_bucket() -> str:
    """The name of a bucket that does not exist."""
    return f"master.test-{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def bucket(s3: Any, new_bucket: str) -> str:
    """An empty bucket."""
    s3.create_bucket(Bucket=new_bucket)
    return new_bucket


def boto3_client(gateway: GatewayProcess, **config: Any) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=gateway.endpoint,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="anything",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )
