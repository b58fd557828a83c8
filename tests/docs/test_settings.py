"""The pages say of settings and limits what the code has."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from embedded_pfs.blobs import INLINE_MAX_BYTES
from gateway.setting_values import option_of
from gateway.settings import Settings
from handlers import addressing, copies, deletions, listings, service
from pfs_client.group_commit import branch_queue as write_queue
from pfs_client.group_commit import grouped_writes as write_batches
from pfs_client.group_commit import pachd_committer
from pfs_client.limits import memory_budget
from pfs_client.values import SMALL_FILE_BYTES
from tests.docs.settings_page import GROUPS, PAGE, shown, written
from tests.markdown import DOCS

SETTINGS = {option_of(one): one for one in fields(Settings)}
LIMITS = (DOCS / "limits.md").read_text()


def test_the_page_of_settings_is_fresh() -> None:
    before = PAGE.read_text() if PAGE.exists() else ""
    fresh = written()
    if before != fresh:
        PAGE.write_text(fresh)
    assert before == fresh, f"{PAGE.name} was stale; it has been written anew"


def test_every_setting_is_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(one.name for one in SETTINGS.values())


def rows_with_settings() -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = re.findall(
        r"^\|[^|]*`(--[a-z-]+)`[^|]*\| ([^|]+) \|", LIMITS, re.MULTILINE
    )
    return rows


def test_the_page_of_limits_names_settings() -> None:
    limited = {
        name for name, one in SETTINGS.items() if re.search("max-|-(seconds|bytes|days)", name)
    }
    assert limited - {"--max-unfinished-commits"} == {option for option, _ in rows_with_settings()}


@pytest.mark.parametrize(("option", "figure"), rows_with_settings())
def test_the_page_of_limits_has_the_defaults(option: str, figure: str) -> None:
    one = SETTINGS[option]
    assert figure.replace(",", "") == shown(one, one.default)


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        ("At most {} bytes in UTF-8", addressing.MAX_KEY_BYTES),
        ("| keys of one DeleteObjects | {} |", deletions.MAX_OBJECTS),
        ("the source of a CopyObject (`--with copy`) | {} GiB |", copies.MAX_COPY_BYTES >> 30),
        ("one page of a listing | {} |", listings.MAX_KEYS),
        ("one page of ListBuckets | {} |", service.MAX_BUCKETS),
        ("| a write that waits for memory | {} s |", int(memory_budget.WAIT_SECONDS)),
        ("| writes in one commit of several requests | {} |", write_batches.MAX_GROUP_WRITES),
        ("bytes of small objects in one commit | {} MiB |", write_queue.MAX_GROUP_BYTES >> 20),
        ("trees of pachd's branches | {} MiB |", pachd_committer.MAX_KNOWN_BYTES >> 20),
        ("small up to {} KiB on the embedded PFS", INLINE_MAX_BYTES >> 10),
        ("up to {} bytes on pachd", SMALL_FILE_BYTES),
    ],
)
def test_the_page_of_limits_has_what_is_fixed(words: str, figure: int) -> None:
    assert words.format(f"{figure:,}") in LIMITS
