from __future__ import annotations

from typing import Any

import pytest

from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess


def delete(gateway: GatewayProcess, bucket: str, body: str) -> Answer:
    return send(gateway, "POST", f"/{bucket}?delete", body.encode())


def test_delete_objects(s3: Any, bucket: str) -> None:
    for key in ("a", "d/b", "keep"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    named = [{"Key": key} for key in ("a", "d/b", "missing", "d/")]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    assert [d["Key"] for d in answer["Deleted"]] == ["a", "d/b", "missing", "d/"]
    assert "Errors" not in answer
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["keep"]


def test_a_bad_key_is_its_own_error(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    named = [{"Key": key} for key in ("a", "x" * 1025)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    assert [d["Key"] for d in answer["Deleted"]] == ["a"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("x" * 1025, "KeyTooLongError")]


def test_a_key_that_pfs_cannot_hold_is_deleted_as_any_that_is_not_there(
    s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"1")
    keys = ["a*b", "a//b", "/a/b", "a/b/../b", "ü", "a/\\b", "a//", "a*/"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert [d["Key"] for d in answer["Deleted"]] == keys
    assert "Errors" not in answer
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b"]


@pytest.mark.parametrize("key", ["missing", "a*b"])
def test_a_condition_on_what_is_not_there_fails(s3: Any, bucket: str, key: str) -> None:
    named = [{"Key": key, "ETag": "*"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [(key, "NoSuchKey")]


def test_quiet(s3: Any, bucket: str) -> None:
    named = [{"Key": key} for key in ("a", "x" * 1025)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
    assert "Deleted" not in answer
    assert [e["Key"] for e in answer["Errors"]] == ["x" * 1025]


def test_conditions_by_etag(s3: Any, bucket: str) -> None:
    etags = {k: s3.put_object(Bucket=bucket, Key=k, Body=k.encode())["ETag"] for k in "abc"}
    named = [
        {"Key": "a", "ETag": etags["a"]},
        {"Key": "b", "ETag": etags["a"]},
        {"Key": "c", "ETag": "*"},
        {"Key": "b", "ETag": f"W/{etags['b']}"},
        {"Key": "missing", "ETag": etags["a"]},
    ]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    assert [d["Key"] for d in answer["Deleted"]] == ["a", "c"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [
        ("b", "PreconditionFailed"),
        ("b", "PreconditionFailed"),
        ("missing", "NoSuchKey"),
    ]
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b"]


def test_a_directory_marker_takes_no_condition(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="d/a", Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "d/", "ETag": "*"}]})
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("d/", "NotImplemented")]
    assert "Deleted" not in answer


def test_versions_are_not_implemented_per_key(s3: Any, bucket: str) -> None:
    for key in "ab":
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    named = [{"Key": "a", "VersionId": "v1"}, {"Key": "b", "VersionId": "null"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    assert [d["Key"] for d in answer["Deleted"]] == ["b"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("a", "NotImplemented")]


@pytest.mark.parametrize(
    "body",
    [
        "<Delete><Object><Key>a</Key></Object></Delete>",
        '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>false</Quiet>'
        "<Object><Key>a</Key></Object></Delete>",
        '<?xml version="1.0"?>\n<Delete>\n  <Object>\n    <Key>a</Key>\n  </Object>\n</Delete>\n',
        "<Delete><Object><Key>&#97;</Key></Object><Quiet>false</Quiet></Delete>",
    ],
)
def test_the_forms_that_clients_send(
    gateway: GatewayProcess, s3: Any, bucket: str, body: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    answer = delete(gateway, bucket, body)
    assert (answer.status, answer.texts("Deleted", "Key")) == (200, ["a"])
    assert send(gateway, "HEAD", f"/{bucket}/a").status == 404


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no xml",
        "<Other/>",
        "<Delete/>",
        "<Delete><Object/></Delete>",
        "<Delete><Object><Key/></Object></Delete>",
        "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        "<Delete><Object><Key><b/></Key></Object></Delete>",
        "<Delete><Object><Key>a</Key></Object><Quiet>maybe</Quiet></Delete>",
        "<Delete><Object><Key>a</Key></Object><Quiet/></Delete>",
        "<Delete><Object><Key>a</Key></Object><Else/></Delete>",
        "<Delete><Object><Key>a</Key><Else/></Object></Delete>",
        "<Delete>" + "<Object><Key>a</Key></Object>" * 1001 + "</Delete>",
    ],
)
def test_malformed_documents(gateway: GatewayProcess, s3: Any, bucket: str, body: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    answer = delete(gateway, bucket, body)
    assert (answer.status, answer.code) == (400, "MalformedXML")
    assert send(gateway, "HEAD", f"/{bucket}/a").status == 200


def test_a_thousand_keys(s3: Any, gateway: GatewayProcess, bucket: str) -> None:
    named = [{"Key": f"k{number}"} for number in range(1000)]
    for one in named[::100]:
        s3.put_object(Bucket=bucket, Key=one["Key"], Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    assert len(answer["Deleted"]) == 1000
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_document_too_large(gateway: GatewayProcess, bucket: str) -> None:
    answer = delete(gateway, bucket, "<Delete>" + " " * (8 * 1024 * 1024) + "</Delete>")
    assert (answer.status, answer.code) == (400, "MaxMessageLengthExceeded")


@pytest.mark.parametrize("query", ["?delete", ""])
def test_a_document_declared_too_large(gateway: GatewayProcess, bucket: str, query: str) -> None:
    method, headers = ("POST" if query else "PUT"), {"Content-Length": str(6 * 1024**3)}
    with Connection(gateway) as connection:
        connection.send(connection.head(method, f"/{bucket}{query}", headers=headers))
        answer = connection.read()
    assert (answer.status, answer.code) == (400, "MaxMessageLengthExceeded")


def test_a_missing_bucket(gateway: GatewayProcess) -> None:
    body = "<Delete><Object><Key>a</Key></Object></Delete>"
    assert delete(gateway, "master.no-such-repo", body).code == "NoSuchBucket"
