from __future__ import annotations

from typing import Any

import pytest

from tests.operations.refusals import refused
from tests.raw_http import send
from tests.servers import GatewayProcess


def test_create_bucket_answers_where_it_is(gateway: GatewayProcess, new_bucket: str) -> None:
    answer = send(gateway, "PUT", f"/{new_bucket}", b"")
    assert answer.status == 200
    assert answer.headers["location"] == f"/{new_bucket}"
    assert answer.body == b""


def test_create_bucket_twice(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    with refused(409, "BucketAlreadyOwnedByYou") as error:
        s3.create_bucket(Bucket=bucket)
    assert error["BucketName"] == bucket
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


def test_a_second_branch_of_a_repo_is_another_bucket(s3: Any, bucket: str) -> None:
    other = "dev." + bucket.removeprefix("master.")
    s3.create_bucket(Bucket=other)
    s3.put_object(Bucket=other, Key="a", Body=b"1")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=other)["Contents"]] == ["a"]


def test_a_repo_alone_means_its_master_branch(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket.removeprefix("master."), Key="a", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.b.c.d", "branch.repo"),
        (".repo", "An empty name"),
        ("branch.", "An empty name"),
        ("a..b", "An empty name"),
        ("a%20b", '"a b"'),
        ("a!b", '"a!b"'),
        ("%C3%A9", "is not a name in PFS"),
        ("..", "An empty name"),
        ("a%00", "is not a name in PFS"),
        ("master.repo.no-such-project", "no project no-such-project"),
    ],
)
def test_create_bucket_refuses_what_pfs_cannot_name(
    gateway: GatewayProcess, name: str, says: str
) -> None:
    answer = send(gateway, "PUT", f"/{name}", b"")
    assert (answer.status, answer.code) == (400, "InvalidBucketName")
    assert says in answer.said


@pytest.mark.parametrize("name", ["x", "-a.facts", "master.fa_cts", "UPPER.Case", "b." + "y" * 200])
def test_create_bucket_takes_every_name_that_pfs_takes(gateway: GatewayProcess, name: str) -> None:
    assert send(gateway, "PUT", f"/{name}", b"").status == 200
    assert send(gateway, "HEAD", f"/{name}").status == 200
    assert send(gateway, "DELETE", f"/{name}").status == 204


def test_create_bucket_in_any_location(s3: Any, new_bucket: str) -> None:
    s3.create_bucket(
        Bucket=new_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    assert s3.get_bucket_location(Bucket=new_bucket).get("LocationConstraint") is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no xml", 400, "MalformedXML"),
        (b"<Other/>", 400, "MalformedXML"),
        (
            b"<CreateBucketConfiguration><Tags><Tag/></Tags></CreateBucketConfiguration>",
            501,
            "NotImplemented",
        ),
    ],
)
def test_create_bucket_with_a_body_that_it_does_not_take(
    gateway: GatewayProcess, new_bucket: str, body: bytes, status: int, code: str
) -> None:
    answer = send(gateway, "PUT", f"/{new_bucket}", body)
    assert (answer.status, answer.code) == (status, code)
    assert send(gateway, "HEAD", f"/{new_bucket}").status == 404


@pytest.mark.parametrize(("value", "status"), [("false", 200), ("true", 501)])
def test_create_bucket_with_object_lock(
    gateway: GatewayProcess, new_bucket: str, value: str, status: int
) -> None:
    headers = {"x-amz-bucket-object-lock-enabled": value}
    assert send(gateway, "PUT", f"/{new_bucket}", b"", headers).status == status


def test_head_bucket(s3: Any, bucket: str) -> None:
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    with refused(404, "404"):
        s3.head_bucket(Bucket="master.no-such-repo")
    with refused(404, "404"):
        s3.head_bucket(Bucket="no-such-branch." + bucket.removeprefix("master."))


def test_get_bucket_location(gateway: GatewayProcess, bucket: str) -> None:
    for query in ("location", "location="):
        answer = send(gateway, "GET", f"/{bucket}?{query}")
        assert answer.status == 200
        assert answer.xml.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}LocationConstraint"
        assert answer.xml.text is None


@pytest.mark.parametrize("query", ["", "?location", "?list-type=2"])
def test_a_missing_bucket_is_not_found(gateway: GatewayProcess, query: str) -> None:
    answer = send(gateway, "GET", f"/master.no-such-repo{query}")
    assert (answer.status, answer.code) == (404, "NoSuchBucket")
    assert answer.xml.findtext("BucketName") == "master.no-such-repo"


def test_delete_bucket(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="d/a", Body=b"")
    with refused(409, "BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="d/a")
    s3.delete_bucket(Bucket=bucket)
    with refused(404, "NoSuchBucket"):
        s3.delete_bucket(Bucket=bucket)


def test_the_repo_goes_with_its_last_branch(s3: Any, bucket: str) -> None:
    other = "dev." + bucket.removeprefix("master.")
    s3.create_bucket(Bucket=other)
    s3.delete_bucket(Bucket=bucket)
    assert s3.head_bucket(Bucket=other)
    s3.delete_bucket(Bucket=other)
    s3.create_bucket(Bucket=bucket)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_bucket_with_and_without_a_trailing_slash(
    gateway: GatewayProcess, new_bucket: str, slash: str
) -> None:
    target = f"/{new_bucket}{slash}"
    assert send(gateway, "PUT", target, b"").status == 200
    assert send(gateway, "GET", target).texts("Name") == [new_bucket]
    assert send(gateway, "HEAD", target).status == 200
    assert send(gateway, "DELETE", target).status == 204


def test_the_gateways_own_pages_are_no_bucket(gateway: GatewayProcess) -> None:
    for method in ("PUT", "DELETE"):
        assert send(gateway, method, "/-", b"").status >= 400
    assert send(gateway, "PUT", "/-/key", b"x").status >= 400
    assert send(gateway, "PUT", "/master.-", b"").status == 200
    assert send(gateway, "DELETE", "/master.-").status == 204
