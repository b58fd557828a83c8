"""Listings beside those of moto, somebody else's S3: every difference is explained."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, unquote, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.servers import BUILD, moto
from tests.fuzz import keys as k
from tests.fuzz.comparison import Listing
from tests.fuzz.profiles import examples
from tests.fuzz.test_state_machine import listings
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        not (BUILD / "moto" / "ready").exists(),
        reason="moto is not installed; `make test-all` installs it",
    ),
]

_runs = itertools.count()

Page: TypeAlias = dict[str, Any]
FIELDS = (
    "IsTruncated", "KeyCount", "MaxKeys", "Prefix", "Delimiter", "EncodingType", "StartAfter",
    "Marker", "NextMarker", "NextContinuationToken",
)  # fmt: skip
ENTRIES = {"Key", "CommonPrefixes", "IsTruncated"}


class Difference(NamedTuple):
    """A field in which the pages of a listing differ."""

    asked: Listing
    field: str
    motos: object
    ours: object


# What moto does otherwise than S3, by S3's own documentation (API_ListObjects, API_ListObjectsV2).
MOTOS_FAULTS: dict[str, Callable[[Difference], bool]] = {
    "MaxKeys is at most 1000 in an answer; moto repeats what was asked for": lambda d: (
        d.field == "MaxKeys" and d.motos == "5000" and d.ours == "1000"
    ),
    "encoding-type=url encodes StartAfter and Delimiter too; moto leaves them": lambda d: (
        d.field in ("StartAfter", "Delimiter") and d.asked.is_encoded
    ),
    "StartAfter is repeated if it was sent; beside a token moto leaves it out": lambda d: (
        d.field == "StartAfter" and d.motos is None
    ),
    "encoding-type=url encodes Prefix too; in version 1 moto leaves it": lambda d: (
        d.field == "Prefix" and d.asked.is_encoded and d.asked.version == 1
    ),
    "encoding-type=url encodes CommonPrefixes too; in version 1 moto leaves them": lambda d: (
        d.field == "CommonPrefixes" and d.asked.version == 1 and d.motos == _decoded_twice(d.ours)
    ),
    "version 1 repeats the Marker; moto does not": lambda d: (
        d.field == "Marker" and d.motos is None
    ),
    "NextMarker comes with a delimiter only, and is a name; moto's is a random one": lambda d: (
        d.field == "NextMarker" and d.asked.version == 1
    ),
    "common prefixes count for max-keys and for the marker; in version 1 moto has all": lambda d: (
        d.asked.version == 1
        and bool(d.asked.delimiter)
        and d.field in ENTRIES
        and (bool(d.asked.after) or d.asked.max_keys < 1000)
    ),
}


def _decoded_twice(names: Any) -> list[str]:
    """Names as they are read from an answer that says it encodes them, and does not."""
    return list(map(unquote, names))


def ask(
    endpoint: str, method: str, target: str, body: bytes | None = None
) -> tuple[int, ElementTree.Element | None]:
    host, _, port = endpoint.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port))
    try:
        connection.request(method, target, body, {"Authorization": "AWS any:signature"})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    return response.status, ElementTree.fromstring(content) if content else None  # noqa: S314


def pages_of(endpoint: str, bucket: str, asked: Listing) -> Iterator[Page]:
    """A listing page by page; the caller knows when it is at the end."""
    query = {"prefix": asked.prefix, "delimiter": asked.delimiter, "max-keys": str(asked.max_keys)}
    if asked.is_encoded:
        query["encoding-type"] = "url"
    if asked.version == 2:
        query["list-type"] = "2"
    if asked.after:
        query["start-after" if asked.version == 2 else "marker"] = asked.after
    while True:
        target = f"/{bucket}?{urlencode(query, quote_via=quote)}"
        status, document = ask(endpoint, "GET", target)
        assert status == 200, (endpoint, target, status)
        assert document is not None
        page = page_of(document, asked)
        yield page
        if asked.version == 2:
            query["continuation-token"] = document.findtext("{*}NextContinuationToken") or ""
        else:
            query["marker"] = max((*page["Key"], *page["CommonPrefixes"]), default="")


def page_of(document: ElementTree.Element, asked: Listing) -> Page:
    """What a page says, names decoded; a token counts as one, whatever it is."""
    decode = unquote if asked.is_encoded else str
    page: Page = {name: document.findtext("{*}" + name) for name in FIELDS}
    page["NextContinuationToken"] = page["NextContinuationToken"] is not None
    for name, path in (("Key", "Contents/{*}Key"), ("CommonPrefixes", "CommonPrefixes/{*}Prefix")):
        page[name] = [decode(node.text or "") for node in document.findall("{*}" + path)]
    return page


def differences(motos: str, ours: str, bucket: str, asked: Listing) -> Iterator[Difference]:
    """All differences of the pages, up to the first page with any in its entries."""
    both = zip(pages_of(motos, bucket, asked), pages_of(ours, bucket, asked), strict=False)
    for moto_page, our_page in both:
        found = [f for f in our_page if moto_page[f] != our_page[f]]
        yield from (Difference(asked, f, moto_page[f], our_page[f]) for f in found)
        if ENTRIES & set(found) or our_page["IsTruncated"] == "false":
            return


def without_collisions(keys: list[str]) -> list[str]:
    """Keys that PFS can hold beside each other."""
    kept: list[str] = []
    for key in keys:
        if not any(f"{a}/".startswith(f"{b}/") for o in kept for a, b in ((key, o), (o, key))):
            kept.append(key)
    return kept


# Moto repeats in its XML what XML cannot hold.
ASKED = listings(k.holdable).filter(
    lambda asked: all(" " <= c < "\x7f" or c > "\xa0" for c in asked.prefix + asked.after)
)


@pytest.mark.timeout(1200)
def test_every_difference_from_moto_is_motos_fault(embedded_gateway: GatewayProcess) -> None:
    seen: set[str] = set()
    with moto() as other:

        @settings(max_examples=examples(200, 300))
        @given(
            st.lists(k.holdable, min_size=1, max_size=12).map(without_collisions),
            st.lists(ASKED, min_size=5, max_size=15),
        )
        def check(keys: list[str], asked_for: list[Listing]) -> None:
            bucket = f"moto{next(_runs)}"
            for endpoint in (other.endpoint, embedded_gateway.endpoint):
                assert ask(endpoint, "PUT", f"/{bucket}")[0] == 200
                for key in keys:
                    assert ask(endpoint, "PUT", f"/{bucket}/{quote(key)}", b"x")[0] == 200
            for asked in asked_for:
                for found in differences(other.endpoint, embedded_gateway.endpoint, bucket, asked):
                    reasons = {r for r, explains in MOTOS_FAULTS.items() if explains(found)}
                    assert reasons, found
                    seen.update(reasons)

        check()
    assert seen == set(MOTOS_FAULTS), "moto has changed"
