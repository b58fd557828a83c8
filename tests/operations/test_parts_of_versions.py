"""Parts that are copied from versions of objects, where both are switched on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.refusals import refused
from tests.operations.test_multipart import FIRST, Upload
from tests.operations.test_versions import NO_COMMIT, ids

pytestmark = pytest.mark.parametrize(
    "layers", [("multipart", "versions")], ids=["multipart+versions"], indirect=True
)


@pytest.fixture
def source(s3: Any, bucket: str) -> dict[str, str]:
    """An object that is not any more what it was; the version is what it was."""
    for body in (FIRST, b"another"):
        s3.put_object(Bucket=bucket, Key="source", Body=body)
    return {"Bucket": bucket, "Key": "source", "VersionId": ids(s3, bucket, "source")[-1]}


@pytest.mark.parametrize("more", [{}, {"ChecksumAlgorithm": "CRC32"}], ids=["in PFS", "through"])
def test_a_part_is_copied_from_a_version(
    s3: Any, bucket: str, source: dict[str, str], more: dict[str, str]
) -> None:
    upload = Upload(s3, bucket, **more)
    whole = s3.upload_part_copy(**upload.named, PartNumber=1, CopySource=source)
    a_range = s3.upload_part_copy(
        **upload.named, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19"
    )
    assert whole["CopySourceVersionId"] == a_range["CopySourceVersionId"] == source["VersionId"]
    upload.parts = [
        {"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]}
        for number, copied in enumerate((whole, a_range), 1)
    ]
    upload.complete()
    assert upload.content() == FIRST + FIRST[10:20]


def test_a_part_is_copied_from_no_version_but_the_sources(
    s3: Any, bucket: str, source: dict[str, str]
) -> None:
    upload = Upload(s3, bucket)
    for version, status, code in (
        (NO_COMMIT, 404, "NoSuchVersion"),
        ("abc", 400, "InvalidArgument"),
    ):
        with refused(status, code):
            s3.upload_part_copy(
                **upload.named, PartNumber=1, CopySource={**source, "VersionId": version}
            )
    assert "Parts" not in s3.list_parts(**upload.named)
