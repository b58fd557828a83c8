"""What reads a client's bytes, given any: it says what they are, or refuses as it says it does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.addressing import branch_of, directory_of, is_directory_marker, path_of
from handlers.content_types import content_type_of
from handlers.deletions import MAX_OBJECTS, _read
from handlers.page_tokens import after_token, token_for
from s3_wire import documents, xml
from s3_wire.aws_chunked import AwsChunkedDecoder
from s3_wire.checksums import BodyDigests
from s3_wire.errors import (
    BadDigest,
    IncompleteBody,
    InvalidArgument,
    InvalidDigest,
    InvalidRange,
    InvalidRequest,
    MalformedTrailerError,
    MalformedXML,
    PreconditionFailed,
    S3Error,
    XAmzContentSHA256Mismatch,
)
from s3_wire.etags import etag_of, file_hash_of, is_any, listed_etags
from s3_wire.payload_modes import PLAIN, UNSIGNED_CHUNKS, PayloadMode
from s3_wire.preconditions import allows_range, http_date, is_unchanged
from s3_wire.ranges import requested_span
from tests.contract.compositions import each_composition
from tests.contract.under_test import ContractUnderTest
from tests.fuzz import keys as k
from tests.fuzz.profiles import examples
from tests.fuzz.signing import framed

SOME = settings(max_examples=examples(400, 20_000))

ETAG = etag_of(bytes(32))
MODIFIED = datetime(2026, 11, 23, 10, 56, 5, 123456, UTC)
NOW = MODIFIED + timedelta(days=1)


# Any text, and text of the pieces that the header is made of.
def headers_of(*pieces: str) -> st.SearchStrategy[str]:
    made = st.lists(st.sampled_from(pieces) | st.text(max_size=3), max_size=8).map("".join)
    return st.text(max_size=40) | made


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = sorted(draw(st.sets(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@st.composite
def mutated(draw: st.DrawFn, of: st.SearchStrategy[bytes]) -> bytes:
    """Bytes with a few of them changed, put in or taken out."""
    data = bytearray(draw(of))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(data)


def decoded(
    pieces: Sequence[bytes], size: int | None, trailer: str | None = None
) -> tuple[bytes, Mapping[str, str]] | type:
    decoder = AwsChunkedDecoder(size, trailer=trailer)
    try:
        payload = b"".join(part for piece in pieces for part in decoder.feed(piece))
        return payload, decoder.finish()
    except (MalformedTrailerError, IncompleteBody) as refused:
        return type(refused)


TRAILERS = st.lists(st.text("abcXYZ:-=/ ", max_size=12), max_size=3)
CHUNKED = st.builds(framed, st.binary(max_size=60), TRAILERS)


@SOME
@given(
    st.data(),
    mutated(CHUNKED) | st.binary(max_size=60),
    st.none() | st.integers(0, 70),
    st.sampled_from((None, "a", "")),
)
def test_a_chunked_body_is_the_same_however_it_is_cut(
    data: st.DataObject, wire: bytes, size: int | None, trailer: str | None
) -> None:
    whole = decoded([wire], size, trailer)
    assert decoded(data.draw(cuts(wire)), size, trailer) == whole
    assert decoded([wire[at : at + 1] for at in range(len(wire))], size, trailer) == whole


@SOME
@given(st.data(), st.binary(max_size=200))
def test_a_chunked_body_comes_back(data: st.DataObject, payload: bytes) -> None:
    trailer = "x-amz-checksum-crc32"
    wire = framed(payload, [f"{trailer}:AAAAAA=="])
    expected = (payload, {trailer: "AAAAAA=="})
    assert decoded(data.draw(cuts(wire)), len(payload), trailer) == expected
    assert decoded([wire[:-2]], len(payload), trailer) == expected
    assert decoded([wire[:-1]], None, trailer) is IncompleteBody
    assert decoded([wire], None) is MalformedTrailerError
    assert decoded([framed(payload, []) + b"\r"], None) is IncompleteBody


TAGS = ("Delete", "Object", "Key", "ETag", "VersionId", "Quiet", "Size", "x:y", "!--", "?a")
XML_PIECES = st.sampled_from(
    (
        *(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS), "<Key>a</Key>", "true",
        "<Object><Key>a</Key></Object>", "&lt;", "&#0;", "&e;", "]]>", "<![CDATA[", " xmlns='a'",
        "<!DOCTYPE Delete [<!ENTITY e 'a'>]>", '<?xml version="1.0" encoding="utf-16"?>', "\0",
    )
)  # fmt: skip
DOCUMENTS = st.one_of(
    st.binary(max_size=200),
    st.lists(XML_PIECES | st.text(max_size=3), max_size=12).map(
        lambda pieces: f"<Delete>{''.join(pieces)}</Delete>".encode("utf-8", "surrogatepass")
    ),
    mutated(st.just(b"<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet></Delete>")),
)


@SOME
@given(DOCUMENTS)
def test_a_document_is_read_or_malformed(document: bytes) -> None:
    try:
        quiet, objects = _read(documents.parse(document, "Delete"), has_versions=True)
    except MalformedXML:
        return
    assert quiet in (True, False)
    assert 1 <= len(objects) <= MAX_OBJECTS
    assert all(named.key for named in objects)


@SOME
@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_stands_in_a_document(text: str) -> None:
    written = xml.document("a", [xml.element("b", text)], namespace=False)
    read = ElementTree.fromstring(written).findtext("b") or ""  # noqa: S314 - our own
    assert len(read) == len(text)
    assert all(a in (b, "\ufffd") for a, b in zip(read, text, strict=True))


@SOME
@given(
    headers_of("bytes", "=", "-", " ", "0", "9", "99999999999999999999", ","), st.integers(0, 20)
)
def test_a_range_is_within_the_object_or_none(header: str, size: int) -> None:
    try:
        span = requested_span(header, size)
    except InvalidRange:
        return
    if span is not None:
        assert 0 <= span.offset < span.offset + span.size_bytes <= size


_DATE = "Mon, 23 Nov 2026 10:56:05 GMT"
_HUGE = "9" * 20
_DATES = st.sampled_from(("GMT", "+0100", "+9999", f"+{_HUGE}")).flatmap(
    lambda zone: st.sampled_from(
        [f"Mon, 23 Nov {year} 10:56:05 {zone}" for year in ("2026", "1", "9999", _HUGE)]
    )
)
CONDITIONS = headers_of(ETAG, '"', "W/", ",", "*", " ", _DATE, "2026", "-", ":", "GMT") | _DATES


@SOME
@given(
    st.dictionaries(
        st.sampled_from(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")),
        CONDITIONS,
    )
)
def test_preconditions_hold_or_fail(headers: dict[str, str]) -> None:
    try:
        outcome = "304" if is_unchanged(headers, ETAG, MODIFIED, NOW) else "200"
    except PreconditionFailed as failed:
        outcome = failed.details["Condition"].lower()
    assert outcome in ("200", "304", *headers)


@SOME
@given(CONDITIONS)
def test_etags_and_dates_are_read_or_nothing(header: str) -> None:
    assert all(tag.startswith('"') for tag in listed_etags(header))
    assert listed_etags(header, weak=False) <= listed_etags(header)
    assert is_any(header) == (header.strip() == "*")
    assert file_hash_of(header) is None or len(file_hash_of(header) or b"") == 32
    assert allows_range(header, ETAG, MODIFIED) in (True, False)
    date = http_date(header)
    assert date is None or date.tzinfo is not None


DIGESTS = headers_of("NhCmhg==", "XUFAKrxLKna5cZ2REBfFkg==", "=", "A", "+", "/")
DIGEST_HEADERS = st.dictionaries(
    st.sampled_from(
        (
            "content-md5", "x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-checksum-md5",
            "x-amz-checksum-none", "x-amz-checksum-type", "x-amz-sdk-checksum-algorithm",
        )
    ),
    DIGESTS | st.sampled_from(("CRC32", "sha256", "0" * 64, "UNSIGNED-PAYLOAD")),
    max_size=3,
)  # fmt: skip
MODES = st.sampled_from((PLAIN, UNSIGNED_CHUNKS, PayloadMode(sha256="0" * 64)))
TRAILER_NAMES = st.sampled_from(("x-amz-checksum-crc32", "x-amz-checksum-sha1", "x-other"))


@SOME
@given(
    DIGEST_HEADERS,
    MODES,
    st.lists(TRAILER_NAMES, max_size=2),
    DIGESTS,
    st.lists(st.just(b"hello") | st.binary(max_size=5), max_size=3),
)
def test_digests_hold_or_are_refused(
    headers: dict[str, str], mode: PayloadMode, announced: list[str], value: str, body: list[bytes]
) -> None:
    trailer = {"x-amz-trailer": ",".join(announced)} if announced else {}
    refusals = (InvalidDigest, InvalidRequest, BadDigest, MalformedTrailerError)
    outcomes = []
    for pieces in (body, [b"".join(body)]):
        try:
            digests = BodyDigests(headers | trailer, mode)
            for piece in pieces:
                digests.update(piece)
            outcomes.append(digests.verify({digests.trailer: value} if digests.trailer else {}))
        except (*refusals, XAmzContentSHA256Mismatch) as refused:
            outcomes.append({"refused": type(refused).__name__})
    assert outcomes[0] == outcomes[1]


@SOME
@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_a_token_is_ours_or_refused(text: str) -> None:
    assert after_token(token_for(text)) == text
    try:
        name = after_token(text)
    except InvalidArgument:
        return
    assert after_token(token_for(name)) == name


KEYS = k.keys | st.text("ab./ *\\é~@", max_size=8) | st.text(max_size=20)


@each_composition
@SOME
@given(KEYS.filter(bool))
def test_the_documents_pattern_of_keys_is_the_rule(contract: ContractUnderTest, key: str) -> None:
    try:
        directory_of(key) if is_directory_marker(key) else path_of(key)
        is_taken = True
    except S3Error:
        is_taken = False
    assert is_taken == bool(len(key) <= 1024 and contract.pattern_of("Key").match(key))


@each_composition
@SOME
@given(st.text("aZ09-_.é/ ", min_size=1, max_size=10) | st.text(min_size=1))
def test_the_documents_pattern_of_buckets_is_the_rule(
    contract: ContractUnderTest, bucket: str
) -> None:
    try:
        branch_of(bucket)
        is_taken = True
    except S3Error:
        is_taken = False
    assert is_taken == bool(contract.pattern_of("Bucket").match(bucket))


@SOME
@given(k.keys | st.text(max_size=12).map(lambda end: "a." + end))
def test_every_key_has_a_type_that_a_header_can_hold(key: str) -> None:
    assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", content_type_of(key))
