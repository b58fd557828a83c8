"""Sizes as people write them."""

from __future__ import annotations

import pytest

from gateway.sizes import shown, size_of


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("1024", 1024),
        ("7B", 7),
        ("64KiB", 64 * 1024),
        ("96MiB", 96 * 1024**2),
        (" 96 mib ", 96 * 1024**2),
        ("5GIB", 5 * 1024**3),
        ("1TiB", 1024**4),
    ],
)
def test_a_size(text: str, size_bytes: int) -> None:
    assert size_of(text) == size_bytes


@pytest.mark.parametrize(
    "text", ["", "MiB", "1.5GiB", "-1", "96MB", "96M", "1_000", "\u0661", "1 2"]
)
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size: give bytes, or 64KiB, 96MiB, 5GiB"):
        size_of(text)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0"), (1000, "1000"), (1024, "1KiB"), (1536, "1536"), (96 * 1024**2, "96MiB")],
)
def test_what_is_shown_can_be_read(size_bytes: int, text: str) -> None:
    assert shown(size_bytes) == text
    assert size_of(text) == size_bytes
