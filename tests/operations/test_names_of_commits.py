"""What names that look like a commit's are without versions: branches, as any others."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.addressing import NamedBucket, branch_of, named_bucket
from s3_wire.errors import InvalidBucketName
from tests.contract.under_test import contract_with
from tests.operations.refusals import refused

COMMIT = "0123456789ab4def8123456789abcdef"


def test_without_versions_a_commit_s_id_is_a_branch_s_name(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    with refused(404, "NoSuchBucket"):
        s3.list_objects_v2(Bucket=f"{COMMIT}.{bucket}")
    with refused(400, "InvalidBucketName"):
        s3.list_objects_v2(Bucket=f"{COMMIT}.{bucket}.default")
    assert not contract_with(()).pattern_of("Bucket").match(f"{COMMIT}.a.b.c")


def test_a_name_means_a_commit_only_where_there_are_versions() -> None:
    name = f"{COMMIT}.master.images"
    assert named_bucket(name, has_versions=False) == NamedBucket(branch_of(name))
    named = NamedBucket(branch_of("master.images"), COMMIT)
    assert named_bucket(name, has_versions=True) == named
    assert named_bucket(f"{name}.default", has_versions=True) == named
    assert named_bucket(COMMIT, has_versions=True) == NamedBucket(branch_of(COMMIT))
    with pytest.raises(InvalidBucketName):
        named_bucket(f"{COMMIT}.images", has_versions=True)
