"""`partNumber` on reads: what download managers ask first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.raw_http import send
from tests.servers import GatewayProcess

CONTENT = b"0123456789"


@pytest.fixture
def stored(gateway: GatewayProcess, bucket: str) -> str:
    assert send(gateway, "PUT", f"/{bucket}/key", CONTENT).status == 200
    assert send(gateway, "PUT", f"/{bucket}/empty", b"").status == 200
    return bucket


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_part_1_is_the_whole_object(gateway: GatewayProcess, stored: str, method: str) -> None:
    answer = send(gateway, method, f"/{stored}/key?partNumber=1")
    assert answer.status == 206
    assert answer.headers["content-range"] == "bytes 0-9/10"
    assert answer.headers["content-length"] == "10"
    assert answer.body == (CONTENT if method == "GET" else b"")


def test_boto3_gets_part_1(s3: Any, stored: str) -> None:
    assert s3.get_object(Bucket=stored, Key="key", PartNumber=1)["Body"].read() == CONTENT
    assert s3.head_object(Bucket=stored, Key="key", PartNumber=1)["ContentLength"] == 10


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_empty_object_has_no_range_that_could_be_told(
    gateway: GatewayProcess, stored: str, method: str
) -> None:
    answer = send(gateway, method, f"/{stored}/empty?partNumber=1")
    assert (answer.status, answer.headers["content-length"]) == (200, "0")


@pytest.mark.parametrize("number", ["2", "10000"])
def test_there_is_no_other_part(gateway: GatewayProcess, stored: str, number: str) -> None:
    for key in ("key", "empty"):
        answer = send(gateway, "GET", f"/{stored}/{key}?partNumber={number}")
        assert (answer.status, answer.code) == (416, "InvalidPartNumber")
        assert answer.texts("PartNumberRequested") == [number]
        assert send(gateway, "HEAD", f"/{stored}/{key}?partNumber={number}").status == 416


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "1.0", ""])
def test_some_numbers_are_no_parts(gateway: GatewayProcess, stored: str, number: str) -> None:
    answer = send(gateway, "GET", f"/{stored}/key?partNumber={number}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.message == "Part number must be an integer between 1 and 10000, inclusive"


@pytest.mark.parametrize("number", ["1", "2", "0", "10001", "x"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_part_and_a_range_are_one_too_many_whatever_they_say(
    gateway: GatewayProcess, stored: str, method: str, number: str
) -> None:
    headers = {"Range": "bytes=0-1"}
    answer = send(gateway, method, f"/{stored}/key?partNumber={number}", None, headers)
    assert answer.status == 400
    if method == "GET":
        assert answer.code == "InvalidRequest"


def test_conditions_come_first(gateway: GatewayProcess, stored: str) -> None:
    target = f"/{stored}/key?partNumber=2"
    assert send(gateway, "GET", target, None, {"If-Match": '"x"'}).status == 412
    assert send(gateway, "GET", target, None, {"If-None-Match": "*"}).status == 304
    assert send(gateway, "GET", f"/{stored}/none?partNumber=2").status == 404
