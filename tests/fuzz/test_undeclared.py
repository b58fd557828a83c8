"""What the document does not declare is not implemented and changes nothing, whatever it is in.

Requests are schemathesis's, valid by the document, each with one thing added or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.contract.compositions import each_composition
from tests.contract.under_test import ContractUnderTest, contract_with
from tests.fuzz import hooks
from tests.fuzz.client import Client
from tests.fuzz.generators import BUCKETS
from tests.fuzz.profiles import examples
from tests.fuzz.schemathesis_run import api_of
from tests.servers import GatewayProcess


@cache
def valid_requests(contract: ContractUnderTest) -> st.SearchStrategy[Any]:
    """Requests that a contract allows."""
    api, operations = api_of(contract), contract.operations
    return st.sampled_from(sorted(operations)).flatmap(
        lambda name: api[operations[name].path][operations[name].method].as_strategy(
            generation_mode=GenerationMode.POSITIVE
        )
    )


NAMES = st.text("abcdexyzABCXYZ0123456789-_.~", min_size=1, max_size=10)
VALUES = st.text("abcXYZ019 -_./%=+", max_size=10).map(str.strip)
METHODS = st.sampled_from(
    ("POST", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "COPY", "QUERY", "LOCK", "MERGE", "get")
)


class Kept:
    """A gateway with every bucket that requests name and something in each, which must stay."""

    def __init__(self, client: Client, gateway: GatewayProcess) -> None:
        self._client = client
        self._endpoint = gateway.endpoint
        self.contract = contract_with(gateway.layers)
        for bucket in BUCKETS:
            self._client.send("CreateBucket", bucket)
            for key in ("cat.jpg", "dogs/rex.jpg"):
                self._client.send("PutObject", bucket, key, body=key.encode())
        self._state = self._look()

    def _look(self) -> object:
        buckets = self._ask("ListBuckets")["Buckets"]
        return [(bucket, self._ask("ListObjectsV2", bucket["Name"])) for bucket in buckets]

    def _ask(self, name: str, bucket: str = "") -> dict[str, Any]:
        return self._client.document_of(name, self._client.send(name, bucket))

    def check_refused(self, case: Any) -> None:
        """Send a request, and see that it is not implemented, and that nothing is changed."""
        response = case.call(base_url=self._endpoint)
        if hooks.actual_operation(self.contract, response) is not None:
            self._state = self._look()  # it was another operation's, and may have changed things
            assume(False)
        assert response.status_code == 501, response.content
        hooks.answers_as_declared(None, response, case)
        assert self._look() == self._state, case.as_curl_command(base_url=self._endpoint)


@pytest.fixture(scope="module")
def kept(layers: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """In a gateway that no other test writes to meanwhile."""
    with (
        GatewayProcess(tmp_path_factory.mktemp("kept") / "pfs", layers=layers) as gateway,
        closing(Client(gateway)) as client,
    ):
        yield Kept(client, gateway)


def set_query(case: Any, name: str, value: str) -> None:
    case.query = {**case.query, name: value}


def set_header(case: Any, name: str, value: str) -> None:
    case.headers[f"x-amz-{name}"] = value


def set_method(case: Any, method: str) -> None:
    case.method = method


@pytest.mark.timeout(600)
@each_composition
@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        pytest.param(set_query, (NAMES, VALUES), id="a query parameter"),
        pytest.param(set_header, (NAMES, VALUES), id="a header"),
        pytest.param(set_method, (METHODS,), id="a method"),
    ],
)
def test_what_is_not_declared_changes_nothing(
    kept: Kept, change: Callable[..., None], arguments: tuple[st.SearchStrategy[str], ...]
) -> None:
    @settings(max_examples=examples(40, 1000))
    @given(valid_requests(kept.contract), st.tuples(*arguments))
    def check(case: Any, values: tuple[str, ...]) -> None:
        change(case, *values)
        kept.check_refused(case)

    check()
