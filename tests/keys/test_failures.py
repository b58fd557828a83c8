"""Failures slow down who makes them, and nobody else behind the same address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gateway.guards import failed_signatures
from gateway.guards.failed_signatures import FREE_FAILURES, MAX_HELD, FailedSignatures
from s3_wire.errors import SlowDown
from tests.keys.conftest import READER
from tests.keys.signer import Key, Signer, new_address
from tests.keys.test_pachd_keys import BUCKET, KEY, OWNER, Deployment, deployment, settings
from tests.raw_http import Connection
from tests.servers import GatewayProcess

__all__ = ["deployment", "settings"]

ADDRESS = "192.0.2.1"


@pytest.fixture
async def failing() -> AsyncIterator[FailedSignatures]:
    """One address has as many failures that wait for their answers as there may be."""
    failures = FailedSignatures()
    waiting = [asyncio.create_task(failures.hold(ADDRESS)) for _ in range(FREE_FAILURES + MAX_HELD)]
    await asyncio.sleep(0)
    yield failures
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_first_failures_are_answered_at_once() -> None:
    failures = FailedSignatures()
    for _ in range(FREE_FAILURES):
        with pytest.raises(StopIteration):
            failures.hold(ADDRESS).send(None)
    slowed = failures.hold(ADDRESS)
    slowed.send(None)
    slowed.close()


async def test_no_more_unknown_tokens_of_an_address_are_looked_up_then(
    failing: FailedSignatures,
) -> None:
    with pytest.raises(SlowDown):
        failing.check_unknown(ADDRESS)
    failing.check_unknown("192.0.2.2")


def test_whoever_signs_rightly_is_served_whatever_others_of_that_address_do(
    keyed: GatewayProcess,
) -> None:
    address = new_address()
    guesses, right = Signer(Key(READER.name, "guessed")), Signer(READER, address=address)
    with ExitStack() as stack:
        for _ in range(FREE_FAILURES + 2 * MAX_HELD):
            connection = stack.enter_context(Connection(keyed, address))
            sent = {"Host": f"{keyed.host}:{keyed.port}", "x-amz-date": guesses.timestamp}
            sent["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
            guesses.sign_headers("GET", "/", sent, "UNSIGNED-PAYLOAD")
            connection.send(connection.head("GET", "/", headers=sent))
        assert right.send(keyed, "GET", "/").status == 200


async def test_a_token_that_is_known_is_served_whatever_others_of_that_address_do(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def guess() -> Any:
        with pytest.raises(ClientError) as raised:
            await deployment.s3("nobody0123456789abcdef", "list_buckets")
        return raised.value.response["Error"]["Code"]

    monkeypatch.setattr(failed_signatures, "MAX_HELD", 0)
    assert [await guess(), await guess()] == ["InvalidAccessKeyId", "SlowDown"]
    await deployment.s3(OWNER, "head_object", Bucket=BUCKET, Key=KEY)
