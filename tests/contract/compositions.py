"""Which contracts are tested: the default one, and those with layers.

They are those that are reviewed and released, so that another layer is tested by being there: every
test that is marked with `each_composition` or `each_case` runs for it too, and the gateway under
test is started with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from contract_review.documents import COMPOSITIONS as COMPOSITIONS
from tests.contract.under_test import ContractUnderTest, contract_with


def id_of(layers: tuple[str, ...]) -> str:
    """How a composition is called in the name of a test."""
    return "+".join(layers) or "default"


SERVED = tuple(layers for layers in COMPOSITIONS if "keys" not in layers)
"""Those that a gateway under test serves: with keys it would answer none of its requests."""

each_document = pytest.mark.parametrize("layers", COMPOSITIONS, ids=id_of, indirect=True)
"""Runs a test for each; it has the contract, and no gateway."""

each_composition = pytest.mark.parametrize("layers", SERVED, ids=id_of, indirect=True)
"""Runs a test for each that is served; the fixture `contract` and those of gateways have its
layers."""


def each_case(
    names: str, cases: Callable[[ContractUnderTest], Iterable[tuple[Any, ...]]]
) -> pytest.MarkDecorator:
    """Run a test for what there is in the contract of each composition.

    Args:
        names: The test's arguments, with commas between.
        cases: Gives what a contract has: an id, and a value for each argument.
    """
    return pytest.mark.parametrize(
        ("layers", *names.split(",")),
        [
            pytest.param(layers, *values, id=f"{id_of(layers)}-{id_}")
            for layers in SERVED
            for id_, *values in cases(contract_with(layers))
        ],
        indirect=["layers"],
        # Else the layers, which gateways of a whole session have, would be the test's alone.
        scope="session",
    )
