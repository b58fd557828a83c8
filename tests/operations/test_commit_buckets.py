"""Buckets that are a commit, where versions are switched on: `COMMIT.branch.repo`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.under_test import contract_with
from tests.keys.every_operation import LAYERS, Ids, operations, request_of
from tests.operations.refusals import refused
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.parametrize(
    "layers", [LAYERS], ids=["copy+multipart+versions"], indirect=True
)

NO_COMMIT = "0123456789ab4def8123456789abcdef"


def head_of(s3: Any, bucket: str, key: str) -> str:
    return str(s3.head_object(Bucket=bucket, Key=key)["VersionId"])


@pytest.fixture
def past(s3: Any, bucket: str) -> str:
    """A bucket as it was: `a` and `d/b`, since replaced and deleted."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"one")
    s3.put_object(Bucket=bucket, Key="d/b", Body=b"b")
    commit = head_of(s3, bucket, "d/b")
    s3.put_object(Bucket=bucket, Key="a", Body=b"another")
    s3.delete_object(Bucket=bucket, Key="d/b")
    s3.put_object(Bucket=bucket, Key="new", Body=b"new")
    return f"{commit}.{bucket}"


def keys(answer: Any) -> list[str]:
    return [one["Key"] for one in answer.get("Contents", [])]


def test_whatever_reads_a_bucket_reads_it_as_it_was(s3: Any, past: str) -> None:
    commit, _, bucket = past.partition(".")
    s3.head_bucket(Bucket=past)
    assert s3.get_bucket_location(Bucket=past)["LocationConstraint"] is None
    assert s3.get_bucket_versioning(Bucket=past)["Status"] == "Enabled"
    for listed in (s3.list_objects(Bucket=past), s3.list_objects_v2(Bucket=past)):
        assert (listed["Name"], keys(listed)) == (past, ["a", "d/b"])
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["a", "new"]
    for name in (past, f"{past}.default"):
        got = s3.get_object(Bucket=name, Key="a")
        assert (got["Body"].read(), got["VersionId"]) == (b"one", commit)
    head = s3.head_object(Bucket=past, Key="d/b")
    assert (head["ContentLength"], head["VersionId"]) == (1, commit)
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=past, Key="new")
    times = {one["Key"]: one["LastModified"] for one in s3.list_objects(Bucket=past)["Contents"]}
    assert head["LastModified"] == times["d/b"]


def test_the_versions_of_a_commit_are_those_up_to_it(s3: Any, past: str) -> None:
    commit, _, bucket = past.partition(".")
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    newest = next(one["VersionId"] for one in versions if one["Key"] == "new")
    older = [one["VersionId"] for one in versions if one["Key"] == "a"][-1]
    listed = s3.list_object_versions(Bucket=past)
    assert [(one["Key"], one["IsLatest"]) for one in listed["Versions"]] == [
        ("a", True), ("d/b", True),
    ]  # fmt: skip
    assert "DeleteMarkers" not in listed
    assert s3.get_object(Bucket=past, Key="a", VersionId=older)["Body"].read() == b"one"
    assert s3.get_object(Bucket=past, Key="a", VersionId=commit)["Body"].read() == b"one"
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=past, Key="a", VersionId=newest)
    # The branch itself is seen as before.
    assert s3.list_object_versions(Bucket=bucket)["Versions"] == versions
    assert s3.get_object(Bucket=bucket, Key="new", VersionId=newest)["Body"].read() == b"new"


def test_an_object_is_copied_out_of_a_commit(s3: Any, past: str) -> None:
    bucket = past.partition(".")[2]
    for key in ("a", "d/b"):
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": past, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    assert s3.get_object(Bucket=bucket, Key="d/b")["Body"].read() == b"b"
    upload = s3.create_multipart_upload(Bucket=bucket, Key="p")["UploadId"]
    named = {"Bucket": bucket, "Key": "p", "UploadId": upload, "PartNumber": 1}
    part = s3.upload_part_copy(**named, CopySource={"Bucket": past, "Key": "a"})
    assert part["CopyPartResult"]["ETag"] == s3.head_object(Bucket=past, Key="a")["ETag"]
    with refused(404, "NoSuchKey"):
        s3.copy_object(Bucket=bucket, Key="x", CopySource={"Bucket": past, "Key": "new"})
    with refused(404, "NoSuchBucket"):
        gone = f"{NO_COMMIT}.{bucket}"
        s3.copy_object(Bucket=bucket, Key="x", CopySource={"Bucket": gone, "Key": "a"})


def test_a_commit_has_no_uploads(s3: Any, past: str) -> None:
    bucket = past.partition(".")[2]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="p")["UploadId"]
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=past)
    with refused(404, "NoSuchUpload"):
        s3.list_parts(Bucket=past, Key="p", UploadId=upload)


@pytest.mark.parametrize("name", operations(that_write=True))
def test_whatever_writes_is_refused(
    s3: Any, gateway: GatewayProcess, bucket: str, name: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"k")
    commit = head_of(s3, bucket, "k")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    ids = Ids(upload, "0" * 64 + "-1", commit)
    for named in (f"{commit}.{bucket}", f"{NO_COMMIT}.{bucket}", f"{NO_COMMIT}.new.repo.lab"):
        for asked in request_of(name, ids, bucket=named, source=f"/{bucket}/k"):
            answer = send(gateway, asked.method, asked.target, asked.body, asked.headers)
            assert (answer.status, answer.code) == (405, "MethodNotAllowed"), asked
            assert answer.headers["allow"] == "GET, HEAD"
            (message,) = answer.texts("Message")
            assert "is a commit, which never changes: write to" in message
    assert head_of(s3, bucket, "k") == commit
    assert s3.list_parts(Bucket=bucket, Key="k", UploadId=upload).get("Parts", []) == []


def test_a_commit_of_another_branch_is_no_bucket(s3: Any, bucket: str) -> None:
    other = bucket.replace("master.", "other.")
    s3.create_bucket(Bucket=other)
    for where, body in ((bucket, b"ours"), (other, b"secret")):
        s3.put_object(Bucket=where, Key="a", Body=body)
    theirs = head_of(s3, other, "a")
    assert s3.get_object(Bucket=f"{theirs}.{other}", Key="a")["Body"].read() == b"secret"
    with refused(404, "NoSuchBucket"):
        s3.get_object(Bucket=f"{theirs}.{bucket}", Key="a")
    with refused(404, "NoSuchBucket"):
        s3.list_object_versions(Bucket=f"{theirs}.{bucket}")
    with refused(404, "404"):
        s3.head_bucket(Bucket=f"{theirs}.{bucket}")
    with refused(404, "NoSuchBucket"):
        source = {"Bucket": f"{theirs}.{bucket}", "Key": "a"}
        s3.copy_object(Bucket=bucket, Key="b", CopySource=source)


def test_what_is_no_commit_of_a_branch(s3: Any, bucket: str) -> None:
    repo = bucket.removeprefix("master.")
    for name in (f"{NO_COMMIT}.{bucket}", f"{NO_COMMIT}.master.no-such-repo"):
        with refused(404, "NoSuchBucket"):
            s3.list_objects_v2(Bucket=name)
    for name in (f"{NO_COMMIT}.{repo}", f"{NO_COMMIT}.{bucket}.default.more"):
        with refused(400, "InvalidBucketName"):
            s3.list_objects_v2(Bucket=name)
    # No version 4 UUID, and so a branch's name.
    with refused(404, "NoSuchBucket"):
        s3.list_objects_v2(Bucket=f"{'0' * 32}.{repo}")


def test_commits_are_in_no_list_of_buckets(s3: Any, past: str) -> None:
    s3.list_objects_v2(Bucket=past)
    names = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert past.partition(".")[2] in names
    assert past not in names


def test_the_contract_takes_the_names_that_there_are(layers: tuple[str, ...]) -> None:
    pattern = contract_with(layers).pattern_of("Bucket")
    for name in ("images", "master.images", f"{NO_COMMIT}.a.b", f"{NO_COMMIT}.a.b.c", NO_COMMIT):
        assert pattern.match(name), name
    for name in ("-", "a.b.c.d", f"{NO_COMMIT}.images", f"{NO_COMMIT}.a.b.c.d"):
        assert not pattern.match(name), name
