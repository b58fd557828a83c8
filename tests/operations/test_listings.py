from __future__ import annotations

import random
from typing import Any

import pytest

from tests.operations.refusals import refused
from tests.raw_http import send
from tests.servers import GatewayProcess

KEYS = [
    "A", "B/c", "_", "a b", "a#", "a%", "a,", "a-b", "a-c/d", "a.txt", "a/x", "a/y/z", "a/y/zz",
    "a0", "aB", "ab", "q/1/2", "q/1/3", "q/4", "~",
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(s3: Any) -> str:
    name = "master.listings"
    s3.create_bucket(Bucket=name)
    for key in KEYS:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    return name


def model(prefix: str, delimiter: str, after: str) -> list[str]:
    """What S3 lists: keys and common prefixes behind the marker, in order."""
    found: list[str] = []
    for key in sorted(KEYS):
        if not key.startswith(prefix):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key if at < 0 else key[: at + len(delimiter)]
        if name > after and name not in found:
            found.append(name)
    return found


def entries(answer: dict[str, Any]) -> list[str]:
    keys = [c["Key"] for c in answer.get("Contents", [])]
    prefixes = [p["Prefix"] for p in answer.get("CommonPrefixes", [])]
    assert keys == sorted(keys)
    assert prefixes == sorted(prefixes)
    return sorted(keys + prefixes)


PREFIXES = ["", "a", "a/", "a/y", "a/y/", "a-", "q/1", "zzz", "/", "a//", "a/./", "é", "~", "a/x"]
DELIMITERS = ["", "/", "-", "y/", "a", "/y", "b", "é", "%"]
MARKERS = ["", "a", "a/", "a/x", "a/y", "a-zzz", "é", "~", "zz", "A", " ", "q/1/", "\x01"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_listings_are_s3s(s3: Any, filled: str, prefix: str, delimiter: str) -> None:
    for marker in MARKERS:
        expected = model(prefix, delimiter, marker)
        asked = {"Bucket": filled, "Prefix": prefix, "Delimiter": delimiter}
        assert entries(s3.list_objects_v2(**asked, StartAfter=marker)) == expected, marker
        assert entries(s3.list_objects(**asked, Marker=marker)) == expected, marker


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", ["", "/", "-", "a"])
@pytest.mark.parametrize("prefix", ["", "a", "a/", "q/"])
def test_pages_join_up(s3: Any, filled: str, prefix: str, delimiter: str, size: int) -> None:
    expected = model(prefix, delimiter, "")
    asked = {"Bucket": filled, "Prefix": prefix, "Delimiter": delimiter, "MaxKeys": size}
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(s3.get_paginator(operation).paginate(**asked))
        assert [name for page in pages for name in entries(page)] == expected
        assert all(len(entries(page)) == size for page in pages[:-1])
        assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]


def test_the_fields_of_version_2(s3: Any, filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=3, Delimiter="/", FetchOwner=True)
    assert (page["KeyCount"], page["MaxKeys"], page["Delimiter"]) == (3, 3, "/")
    assert (page["Name"], page["Prefix"], page["EncodingType"]) == (filled, "", "url")
    contents = page["Contents"][0]
    assert contents["Owner"]["ID"]
    assert contents["StorageClass"] == "STANDARD"
    assert "Owner" not in s3.list_objects_v2(Bucket=filled, MaxKeys=1)["Contents"][0]
    page = s3.list_objects_v2(Bucket=filled, StartAfter="a", MaxKeys=1)
    assert page["StartAfter"] == "a"
    token = page["NextContinuationToken"]
    page = s3.list_objects_v2(Bucket=filled, StartAfter="~", ContinuationToken=token, MaxKeys=1)
    assert page["ContinuationToken"] == token
    assert entries(page) == [model("", "", "a")[1]]
    page = s3.list_objects_v2(Bucket=filled, ContinuationToken="", MaxKeys=1)
    assert page["ContinuationToken"] == ""


def test_the_fields_of_version_1(s3: Any, filled: str) -> None:
    page = s3.list_objects(Bucket=filled, MaxKeys=2)
    assert page["Marker"] == ""
    assert "NextMarker" not in page
    assert page["Contents"][0]["Owner"]["ID"]
    page = s3.list_objects(Bucket=filled, MaxKeys=2, Delimiter="/")
    assert page["NextMarker"] == "B/"


def test_max_keys(s3: Any, gateway: GatewayProcess, filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (0, False, 0)
    assert s3.list_objects_v2(Bucket=filled, MaxKeys=5000)["MaxKeys"] == 1000
    assert send(gateway, "GET", f"/{filled}?max-keys=").texts("MaxKeys") == ["1000"]
    for bad in ("-1", "x", "2147483648", "1.5", "%31%30x"):
        answer = send(gateway, "GET", f"/{filled}?list-type=2&max-keys={bad}")
        assert (answer.status, answer.code) == (400, "InvalidArgument"), bad
        assert answer.xml.findtext("ArgumentName") == "max-keys"


@pytest.mark.parametrize("version", ["", "list-type=2&"])
def test_encoding_type(gateway: GatewayProcess, filled: str, version: str) -> None:
    target = f"/{filled}?{version}prefix=a%25&delimiter=%26"
    plain = send(gateway, "GET", target)
    assert plain.texts("Contents", "Key") == ["a%"]
    assert (plain.texts("Prefix"), plain.texts("Delimiter")) == (["a%"], ["&"])
    assert plain.texts("EncodingType") == []
    encoded = send(gateway, "GET", target + "&encoding-type=url")
    assert encoded.texts("Contents", "Key") == ["a%25"]
    assert (encoded.texts("Prefix"), encoded.texts("Delimiter")) == (["a%25"], ["%26"])
    assert encoded.texts("EncodingType") == ["url"]
    for bad in ("base64", ""):
        answer = send(gateway, "GET", f"/{filled}?{version}encoding-type={bad}")
        assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_what_xml_cannot_hold_is_echoed_readably(gateway: GatewayProcess, filled: str) -> None:
    answer = send(gateway, "GET", f"/{filled}?prefix=%01%1F%0A&marker=%00")
    assert answer.status == 200
    assert answer.texts("Prefix") == ["\ufffd\ufffd\n"]
    encoded = send(gateway, "GET", f"/{filled}?prefix=%01%0A&encoding-type=url")
    assert encoded.texts("Prefix") == ["%01%0A"]


def test_tokens_that_are_none(s3: Any, filled: str) -> None:
    for token in ("bogus", "f20", "AAAA", "é"):
        with refused(400, "InvalidArgument"):
            s3.list_objects_v2(Bucket=filled, ContinuationToken=token)


def test_an_empty_bucket(s3: Any, bucket: str) -> None:
    for call in (s3.list_objects, s3.list_objects_v2):
        assert entries(call(Bucket=bucket, Prefix="a/", Delimiter="/")) == []


def test_a_listing_sees_every_write_before_it(s3: Any, bucket: str) -> None:
    expected: set[str] = set()
    random_ = random.Random(7)  # noqa: S311 - a test's own choices
    for _ in range(60):
        key = f"k{random_.randrange(12)}"
        if random_.random() < 0.4:
            s3.delete_object(Bucket=bucket, Key=key)
            expected.discard(key)
        else:
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
            expected.add(key)
        assert entries(s3.list_objects_v2(Bucket=bucket)) == sorted(expected)


def test_more_keys_than_a_page_holds(s3: Any, bucket: str, gateway: GatewayProcess) -> None:
    keys = [f"d{number % 3}/k{number:04}" for number in range(1100)]
    for key in keys:
        assert send(gateway, "PUT", f"/{bucket}/{key}", b"").status == 200
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket))
    assert [page["KeyCount"] for page in pages] == [1000, 100]
    assert [name for page in pages for name in entries(page)] == sorted(keys)
    assert entries(s3.list_objects_v2(Bucket=bucket, Delimiter="/")) == ["d0/", "d1/", "d2/"]
    assert entries(s3.list_objects_v2(Bucket=bucket, Delimiter="k")) == ["d0/k", "d1/k", "d2/k"]
