"""Which version a write or a deletion has made, where versions are on and PFS says it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.keys.every_operation import LAYERS
from tests.servers import EMBEDDED, GatewayProcess

with_versions = pytest.mark.parametrize(
    "layers", [LAYERS], ids=["copy+multipart+versions"], indirect=True
)


def version_told(gateway: GatewayProcess, s3: Any, answer: Any, bucket: str, key: str) -> str:
    """The object's version, which the answer to its write has told, unless it came from pachd."""
    version = str(s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"][0]["VersionId"])
    told = answer.get("VersionId")
    assert told == (version if gateway.pfs.startswith(EMBEDDED) else None)
    return version


@with_versions
def test_a_write_tells_the_version_that_it_has_made(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    for key, body in (("small", b"s"), ("empty", b""), ("large", b"l" * 300_000)):
        first = s3.put_object(Bucket=bucket, Key=key, Body=body)
        version = version_told(gateway, s3, first, bucket, key)
        s3.put_object(Bucket=bucket, Key=key, Body=b"later")
        assert s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read() == body
    for source in ("small", "empty"):
        copied = s3.copy_object(
            Bucket=bucket, Key=f"copy-{source}", CopySource={"Bucket": bucket, "Key": source}
        )
        version_told(gateway, s3, copied, bucket, f"copy-{source}")


@with_versions
def test_an_upload_in_parts_tells_the_version_that_it_has_made(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    named = {"Bucket": bucket, "Key": "p"}
    named["UploadId"] = s3.create_multipart_upload(**named)["UploadId"]
    part = s3.upload_part(**named, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = s3.complete_multipart_upload(**named, MultipartUpload=parts)
    version_told(gateway, s3, done, bucket, "p")


@with_versions
def test_writes_that_share_a_commit_tell_the_same_version(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    """Each version told is one that the object can be read at, as this write left it."""
    told: dict[str, str | None] = {}

    def write(key: str) -> None:
        told[key] = s3.put_object(Bucket=bucket, Key=key, Body=key.encode()).get("VersionId")

    threads = [threading.Thread(target=write, args=(f"k{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 8
    for key, version in told.items():
        if not gateway.pfs.startswith(EMBEDDED):
            assert version is None
            continue
        body = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
        assert body == key.encode()
        listed = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
        assert [one["VersionId"] for one in listed] == [version]


def marker_listed(s3: Any, bucket: str, key: str) -> str:
    """The newest delete marker of a key."""
    return str(s3.list_object_versions(Bucket=bucket, Prefix=key)["DeleteMarkers"][0]["VersionId"])


@with_versions
def test_a_deletion_tells_the_delete_marker_that_it_has_made(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    gone = s3.delete_object(Bucket=bucket, Key="a")
    marker = marker_listed(s3, bucket, "a")
    if not gateway.pfs.startswith(EMBEDDED):
        assert {"VersionId", "DeleteMarker"}.isdisjoint(gone)
        return
    assert (gone["VersionId"], gone["DeleteMarker"]) == (marker, True)
    back = s3.delete_object(Bucket=bucket, Key="a", VersionId=gone["VersionId"])
    assert (back["VersionId"], back["DeleteMarker"]) == (marker, True)
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"


@with_versions
def test_a_deletion_of_nothing_makes_no_delete_marker(
    s3: Any, bucket: str, gateway: GatewayProcess
) -> None:
    """Not as AWS does it: there would be nothing that its deletion could bring back."""
    s3.put_object(Bucket=bucket, Key="other", Body=b"o")
    for key in ("never", "folder/", "other/below"):
        gone = s3.delete_object(Bucket=bucket, Key=key)
        assert {"VersionId", "DeleteMarker"}.isdisjoint(gone)
    keys = {"Objects": [{"Key": "never"}, {"Key": "folder/"}]}
    assert s3.delete_objects(Bucket=bucket, Delete=keys)["Deleted"] == keys["Objects"]
    assert "DeleteMarkers" not in s3.list_object_versions(Bucket=bucket)


@with_versions
def test_deletions_of_many_tell_the_delete_marker_of_each(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    stored = {key: s3.put_object(Bucket=bucket, Key=key, Body=b"x")["ETag"] for key in "abcd"}
    named: list[dict[str, str]] = [{"Key": "a"}, {"Key": "never"}, {"Key": "b"}]
    if gateway.pfs.startswith(EMBEDDED):
        named += [{"Key": "c", "ETag": stored["c"]}, {"Key": "d", "ETag": '"other"'}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})
    told = {one["Key"]: one.get("DeleteMarkerVersionId") for one in answer["Deleted"]}
    if not gateway.pfs.startswith(EMBEDDED):
        assert told == {"a": None, "never": None, "b": None}
        return
    assert told == {
        "a": marker_listed(s3, bucket, "a"),
        "never": None,
        "b": marker_listed(s3, bucket, "b"),
        "c": marker_listed(s3, bucket, "c"),
    }
    assert [one.get("DeleteMarker") for one in answer["Deleted"]] == [True, None, True, True]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("d", "PreconditionFailed")]
    objects = [{"Key": key, "VersionId": told[key]} for key in "ab"]
    back = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]
    assert [one["DeleteMarkerVersionId"] for one in back] == [told["a"], told["b"]]
    kept = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert kept == ["a", "b", "d"]


@with_versions
def test_a_deletion_that_shares_its_commit_with_a_put_makes_a_version_or_a_marker(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    """Whatever was told is what its version id is answered with."""
    told: list[str | None] = []

    def replace(_: int) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"k")
        told.append(s3.delete_object(Bucket=bucket, Key="k").get("VersionId"))

    threads = [threading.Thread(target=replace, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", [])
    assert {one for one in told if one} <= {one["VersionId"] for one in listed}
    assert len(told) == 8


def test_without_versions_a_write_tells_none(s3: Any, bucket: str) -> None:
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    assert {"VersionId", "DeleteMarker"}.isdisjoint(s3.delete_object(Bucket=bucket, Key="a"))
