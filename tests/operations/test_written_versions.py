"""Which version a write has made, where versions are switched on and PFS says it."""

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


def test_without_versions_a_write_tells_none(s3: Any, bucket: str) -> None:
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="a", Body=b"a")
