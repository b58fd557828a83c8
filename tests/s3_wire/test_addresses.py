"""Bucket and key as they are sent: decoded once, and never otherwise changed."""

from __future__ import annotations

import pytest

from s3_wire.addresses import CopySource, bucket_and_key, copy_source
from s3_wire.errors import InvalidArgument, InvalidURI


@pytest.mark.parametrize(
    ("raw", "bucket", "key"),
    [
        (b"b/k", "b", "k"),
        (b"b", "b", ""),
        (b"b/", "b", ""),
        (b"b/a%2Fb/../c", "b", "a/b/../c"),
        (b"b%2Fc/k", "b/c", "k"),
        (b"b/%252F%C3%BC+", "b", "%2F\u00fc+"),
    ],
)
def test_a_path(raw: bytes, bucket: str, key: str) -> None:
    assert bucket_and_key(raw) == (bucket, key)


@pytest.mark.parametrize("raw", [b"b/%", b"b/%2", b"b/%zz", b"%g0/k", b"b/%ff", b"b/\xff"])
def test_what_cannot_be_decoded(raw: bytes) -> None:
    with pytest.raises(InvalidURI):
        bucket_and_key(raw)
    with pytest.raises(InvalidArgument) as refused:
        copy_source(raw.decode("latin-1"))
    assert refused.value.details["ArgumentName"] == "x-amz-copy-source"


@pytest.mark.parametrize(
    ("header", "bucket", "key"),
    [
        ("b/k", "b", "k"),
        ("/b/k", "b", "k"),
        ("b%2Fk", "b", "k"),
        ("%2Fb%2Fk", "b", "k"),
        ("b//k", "b", "/k"),
        ("b/../c/k", "b", "../c/k"),
        ("b/%2e%2e/k", "b", "../k"),
        ("../b/k", "..", "b/k"),
        ("b/k%252e", "b", "k%2e"),
        ("b/a+b%20c", "b", "a b c"),
        ("b/a%2Bb%252Bc", "b", "a+b%2Bc"),
        ("b/k%3FversionId%3Dv", "b", "k?versionId=v"),
        ("b/k?other=v", "b", "k?other=v"),
        ("b/\u00c3\u00bc", "b", "\u00fc"),
    ],
)
def test_a_source(header: str, bucket: str, key: str) -> None:
    assert copy_source(header) == CopySource(bucket, key)


@pytest.mark.parametrize("header", ["", "/", "b", "b/", "/b/", "//k", "%2F", "?versionId=v"])
def test_no_source(header: str) -> None:
    with pytest.raises(InvalidArgument, match="must mention the source bucket and key"):
        copy_source(header)


def test_a_source_is_no_object_of_a_version_without_an_id() -> None:
    """A program that has lost the id would copy what the object is now."""
    with pytest.raises(InvalidArgument, match="Version id cannot be the empty string"):
        copy_source("b/k?versionId=")


@pytest.mark.parametrize(
    "version", ["v", "null", "0123456789abcdef0123456789abcdef", "null?versionId=v"]
)
def test_a_version_of_a_source(version: str) -> None:
    assert copy_source(f"b/k?versionId={version}") == CopySource("b", "k", version)
