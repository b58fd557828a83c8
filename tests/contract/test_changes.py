"""Which changes of the contract are found, and which of them break clients."""

from __future__ import annotations

import pytest

from contract_review.__main__ import OASDIFF
from contract_review.changes import changes
from gateway.contract.operations import operations
from tests.contract.edits import (
    BEFORE,
    Edit,
    edited,
    needs_oasdiff,
    path,
    schema,
    shared,
    with_an_obligation,
    with_an_option,
    with_another_fragment,
    with_another_metadata_prefix,
    without_an_operation,
    without_start_after,
)

BREAKING = [
    pytest.param(
        without_start_after, ["ListObjectsV2"], "request-parameter-removed", id="a parameter goes"
    ),
    pytest.param(
        with_an_obligation,
        ["CreateBucket", "DeleteBucket", "HeadBucket", "ListObjects"],
        "new-required-request-parameter",
        id="a parameter of a path becomes necessary",
    ),
    pytest.param(
        without_an_operation,
        ["DeleteObjects"],
        "api-path-removed-without-deprecation",
        id="an operation goes",
    ),
    pytest.param(
        lambda d: schema(d, "Contents")["required"].remove("ETag"),
        ["ListObjects", "ListObjectsV2"],
        "response-property-became-optional",
        id="an element may be missing",
    ),
    pytest.param(
        lambda d: schema(d, "ListAllMyBucketsResult")["properties"].pop("Prefix"),
        ["ListBuckets"],
        "response-optional-property-removed",
        id="an optional element goes",
    ),
    pytest.param(
        lambda d: shared(d, "parameters", "MaxKeys")["schema"].update(default=10),
        ["ListObjects", "ListObjectsV2"],
        "request-parameter-default-value-changed",
        id="a default changes",
    ),
    pytest.param(
        lambda d: shared(d, "parameters", "Bucket")["schema"].update(pattern="^[a-z]+$"),
        [one.name for one in operations(BEFORE) if "{bucket}" in one.path],
        "request-parameter-pattern-changed",
        id="fewer names are possible",
    ),
    pytest.param(
        lambda d: schema(d, "Contents")["properties"]["StorageClass"]["enum"].append("COLD"),
        ["ListObjects", "ListObjectsV2"],
        "response-property-enum-value-added",
        id="an element may have another value",
    ),
    pytest.param(
        lambda d: path(d, "/{key}")["get"]["responses"].pop("412"),
        ["GetObject"],
        "response-non-success-status-removed",
        id="a refusal goes",
    ),
    pytest.param(
        lambda d: shared(d, "responses", "NoSuchBucket")["x-s3-codes"].__setitem__(0, "NoBucket"),
        [
            "DeleteBucket",
            "DeleteObjects",
            "GetBucketLocation",
            "ListObjects",
            "ListObjectsV2",
        ],
        "s3-code-removed",
        id="an error code changes",
    ),
    pytest.param(
        with_another_metadata_prefix, ["PutObject"], "s3-prefix-removed", id="a family goes"
    ),
    pytest.param(
        lambda d: schema(d, "Bucket")["xml"].update(name="Branch"),
        ["the document"],
        "s3-xml-changed",
        id="an element is renamed",
    ),
    pytest.param(
        lambda d: schema(d, "ListAllMyBucketsResult")["properties"]["Buckets"].pop("xml"),
        ["the document"],
        "s3-xml-changed",
        id="elements lose their wrapping",
    ),
    pytest.param(
        lambda d: d.update({"x-s3-header-namespace": "x-"}),
        ["the document"],
        "s3-header-namespace-changed",
        id="more headers must be declared",
    ),
]

HARMLESS = [
    pytest.param(with_an_option, ["new-optional-request-parameter"], id="an option is new"),
    pytest.param(
        lambda d: shared(d, "responses", "NoSuchBucket")["x-s3-codes"].append("NoRepo"),
        ["s3-code-added"] * 5,
        id="an error code is new",
    ),
    pytest.param(with_another_fragment, [], id="another fragment, which is never sent"),
    pytest.param(lambda d: d["info"].update(description="Other."), [], id="another text"),
    pytest.param(lambda d: d["info"].update(version="9.9.9"), [], id="another version"),
]


@needs_oasdiff
@pytest.mark.parametrize(("edit", "names", "id_"), BREAKING)
def test_what_breaks_a_client_is_found(edit: Edit, names: list[str], id_: str) -> None:
    found = changes(OASDIFF, BEFORE, edited(edit))
    breaking = [one for one in found if one.is_breaking]
    assert [one.operation for one in breaking] == sorted(names), found
    assert {one.id for one in breaking} == {id_}


@needs_oasdiff
@pytest.mark.parametrize(("edit", "ids"), HARMLESS)
def test_what_breaks_none_is_not_called_so(edit: Edit, ids: list[str]) -> None:
    found = changes(OASDIFF, BEFORE, edited(edit))
    assert [(one.id, one.is_breaking) for one in found] == [(id_, False) for id_ in ids]


def test_every_operation_is_compared() -> None:
    names = [one.name for one in operations(BEFORE)]
    assert len(names) == len(set(names)) == 12
