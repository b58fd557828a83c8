from __future__ import annotations

import pytest

from s3_wire.etags import etag_of, file_hash_of, is_any, listed_etags

HASH = bytes(range(32))
HEX = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
OURS = f'"{HEX}-1"'


def test_an_etag_is_the_quoted_hash_with_a_dash_and_a_one() -> None:
    assert etag_of(HASH) == OURS


@pytest.mark.parametrize("etag", [OURS, f"{HEX}-1", f" {OURS} "])
def test_an_etag_leads_back_to_its_hash(etag: str) -> None:
    assert file_hash_of(etag) == HASH


@pytest.mark.parametrize(
    "etag",
    [
        "",
        '""',
        "*",
        HEX,
        f'"{HEX}"',
        f'"{HEX}-2"',
        f'"{HEX}-11"',
        f'"{HEX[:-1]}-1"',
        f'"0{HEX}-1"',
        f'"{HEX.upper()}-1"',
        f'"{HEX[:-1]}g-1"',
        f'"{HEX[:-1]}\N{ARABIC-INDIC DIGIT THREE}-1"',
        f'"{HEX}-1\n"',
        f'"{HEX}-1", "{HEX}-1"',
        '"5d41402abc4b2a76b9719d911017c592"',
        '"5d41402abc4b2a76b9719d911017c592-1"',
    ],
)
def test_what_no_file_of_ours_could_have_has_no_hash(etag: str) -> None:
    assert file_hash_of(etag) is None


@pytest.mark.parametrize(
    ("header", "etags"),
    [
        ("", set()),
        (" ", set()),
        (",", set()),
        (OURS, {OURS}),
        (f"{HEX}-1", {OURS}),
        (f'"a", {OURS}', {'"a"', OURS}),
        ('"a"', {'"a"'}),
        ("a", {'"a"'}),
        ('""', {'""'}),
        ('"a","b"', {'"a"', '"b"'}),
        ('"a", "b",\t"c"', {'"a"', '"b"', '"c"'}),
        ("a, b", {'"a"', '"b"'}),
        ('a, "b"', {'"a"', '"b"'}),
        (' "a" ,, "b" ,', {'"a"', '"b"'}),
        ('"a", "a"', {'"a"'}),
        ('W/"a"', {'"a"'}),
        ('W/"a", "b", W/"c"', {'"a"', '"b"', '"c"'}),
    ],
)
def test_a_header_lists_etags_with_and_without_quotes(header: str, etags: set[str]) -> None:
    assert listed_etags(header) == etags


@pytest.mark.parametrize("header", ["*", " * ", "*\t"])
def test_an_asterisk_is_any(header: str) -> None:
    assert is_any(header)


@pytest.mark.parametrize("header", ["", '"*"', "**", "W/*", '"a", *', "*, *", OURS])
def test_anything_else_is_not_any(header: str) -> None:
    assert not is_any(header)


def test_weak_etags_count_only_where_they_may() -> None:
    assert listed_etags('W/"a", "b"') == {'"a"', '"b"'}
    assert listed_etags('W/"a", "b"', weak=False) == {'"b"'}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("header", ['"' + " " * 32000 + '"x', "a" * 32000 + '"', '"' * 32000])
def test_no_header_takes_long_to_read(header: str) -> None:
    listed_etags(header)
