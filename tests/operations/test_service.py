from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import boto3_client
from tests.operations.refusals import refused
from tests.raw_http import send
from tests.servers import GatewayProcess


def names(answer: dict[str, Any]) -> list[str]:
    return [bucket["Name"] for bucket in answer["Buckets"]]


@pytest.fixture
def own_s3(own_gateway: GatewayProcess) -> Any:
    return boto3_client(own_gateway)


def test_list_buckets_of_an_empty_pfs(own_s3: Any) -> None:
    answer = own_s3.list_buckets()
    assert names(answer) == []
    assert answer["Owner"]["ID"]


def test_list_buckets_shows_every_branch_in_order(own_s3: Any) -> None:
    made = ["master.b", "dev.b", "master.a", "zz.a", "Master.b"]
    for name in made:
        own_s3.create_bucket(Bucket=name)
    answer = own_s3.list_buckets()
    assert names(answer) == sorted(made)
    for bucket in answer["Buckets"]:
        age = datetime.now(UTC) - bucket["CreationDate"]
        assert timedelta(seconds=-1) < age < timedelta(minutes=5)


def test_list_buckets_in_pages(own_s3: Any) -> None:
    made = [f"b{number}.repo" for number in range(7)]
    for name in made:
        own_s3.create_bucket(Bucket=name)
    pages = list(own_s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Buckets"]) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in names(page)] == made


def test_list_buckets_by_prefix(own_s3: Any) -> None:
    for name in ("master.a", "master.b", "dev.a"):
        own_s3.create_bucket(Bucket=name)
    answer = own_s3.list_buckets(Prefix="master.")
    assert names(answer) == ["master.a", "master.b"]
    assert answer["Prefix"] == "master."
    assert names(own_s3.list_buckets(Prefix="Master.")) == []


def test_list_buckets_of_a_region(own_s3: Any) -> None:
    own_s3.create_bucket(Bucket="master.a")
    assert names(own_s3.list_buckets(BucketRegion="us-east-1")) == ["master.a"]
    assert names(own_s3.list_buckets(BucketRegion="eu-west-1")) == []
    with refused(400, "InvalidArgument"):
        own_s3.list_buckets(BucketRegion="nowhere")


@pytest.mark.parametrize("query", ["max-buckets=0", "max-buckets=10001", "max-buckets=x"])
def test_list_buckets_refuses_a_bad_number(gateway: GatewayProcess, query: str) -> None:
    answer = send(gateway, "GET", f"/?{query}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.xml.findtext("ArgumentName") == "max-buckets"


def test_list_buckets_refuses_a_token_that_is_not_its_own(s3: Any) -> None:
    with refused(400, "InvalidArgument"):
        s3.list_buckets(ContinuationToken="bogus")
