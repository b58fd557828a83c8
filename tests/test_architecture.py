"""What holds the rooms together: document and code say the same, every error has an answer."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.errors import TABLE, error_for
from handlers.exchange import S3Request
from pfs_client.failures import PfsFailure
from s3_wire import errors
from s3_wire.errors import S3Error
from tests.contract.compositions import COMPOSITIONS, each_case, each_document
from tests.contract.under_test import ContractUnderTest, Operation, contract_with

T = TypeVar("T")

ROOT = Path(__file__).parents[1]


def subclasses(of: type[T]) -> Iterator[type[T]]:
    kind: type[T]
    for kind in of.__subclasses__():
        yield kind
        yield from subclasses(kind)


def named_operations(contract: ContractUnderTest) -> Iterator[tuple[str, Operation]]:
    yield from contract.operations.items()


@each_case("operation", named_operations)
@pytest.mark.usefixtures("layers")
def test_every_operation_has_its_handler(operation: Operation) -> None:
    module, _, name = operation.id.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    assert inspect.iscoroutinefunction(handler)
    assert inspect.signature(handler, eval_str=True).parameters["request"].annotation is S3Request
    snake_case = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation.name)
    assert name == snake_case.lower().replace("v2", "_v2").replace("__", "_")
    assert "https://docs.aws.amazon.com/" in (handler.__doc__ or "")


@each_case("operation", named_operations)
@pytest.mark.usefixtures("layers")
def test_every_stanza_is_complete(operation: Operation) -> None:
    stanza = operation.definition
    assert stanza["summary"]
    assert len(stanza["description"]) > 60
    assert stanza["tags"]
    assert stanza["externalDocs"]["url"].endswith(f"API_{operation.name}.html")
    for parameter in operation.parameters:
        assert parameter["description"]
    answered = {int(status) for status in operation.responses}
    assert {400, 403, 500, 501, 503} <= answered


def test_every_error_code_is_in_the_contract_with_its_status() -> None:
    documented: dict[str, set[int]] = {}
    for layers in COMPOSITIONS:
        for operation in contract_with(layers).operations.values():
            for status, response in operation.responses.items():
                for code in response.get("x-s3-codes", []):
                    documented.setdefault(code, set()).add(int(status))
    defined = {kind.__name__: {kind.status} for kind in subclasses(S3Error)}
    assert documented == defined


@each_document
def test_every_code_in_a_response_is_explained(contract: ContractUnderTest) -> None:
    """In the response; those of signatures, which are the same everywhere, with the signatures."""
    schemes = contract.components.get("securitySchemes", {}).values()
    of_signatures = " ".join(scheme["description"] for scheme in schemes)
    for operation in contract.operations.values():
        for response in operation.responses.values():
            for code in response.get("x-s3-codes", []):
                assert f"`{code}`" in response["description"] + of_signatures, code


def test_every_pfs_error_has_a_row() -> None:
    assert set(TABLE) == {PfsFailure, *subclasses(PfsFailure)}


def test_whatever_is_unforeseen_is_an_internal_error() -> None:
    assert isinstance(error_for(KeyError("secret")), errors.InternalError)
    assert "secret" not in error_for(KeyError("secret")).message


def test_files_stay_short() -> None:
    rooms = (
        "contract_review",
        "embedded_pfs",
        "gateway",
        "handlers",
        "pachd_server",
        "pfs_client",
        "s3_wire",
    )
    generated = {ROOT / "pfs_client" / "pachd" / "pfs_v2"}
    too_long = {
        str(file.relative_to(ROOT)): lines
        for room in rooms
        for file in (ROOT / room).rglob("*.py")
        if not generated & set(file.parents)
        if (lines := len(file.read_text().splitlines())) > 300
    }
    assert not too_long, too_long
