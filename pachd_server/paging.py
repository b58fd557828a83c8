"""Listings, gathered in pages, so that none is held whole however long it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from pachd_server.texts import Refusal
from pfs_client.failures import FileNotFound
from pfs_client.interface import MAX_FILES_PER_LISTING
from pfs_client.values import File, FileInfo, Part

_PAGE = 1000

Listing: TypeAlias = Callable[[File, Part], Awaitable[list[FileInfo]]]
"""A PFS's `list_file` or `walk_file`."""


def check_number(part: Part) -> None:
    """Refuse what pachd refuses, whatever the pages are.

    Raises:
        Refusal: Too many are asked for, or a reverse listing without a number.
    """
    if part.reverse and part.number <= 0:
        raise Refusal("number must be > 0 when reverse is true")
    if part.number > MAX_FILES_PER_LISTING:
        raise Refusal(f"cannot return more than {MAX_FILES_PER_LISTING} files at a time")


async def entries(listing: Listing, directory: File, part: Part) -> AsyncIterator[FileInfo]:
    """The entries of a listing, of as many pages as it takes.

    Raises:
        PfsFailure: As the listing does; `FileNotFound` only where not even the first page is.
    """
    left = part.number or None
    after = part.after
    while left != 0:
        number = _PAGE if left is None else min(left, _PAGE)
        try:
            page = await listing(directory, replace(part, after=after, number=number))
        except FileNotFound:
            if after == part.after:
                raise
            return  # the page before was the last, and full
        for info in page:
            yield info
        if len(page) < number:
            return
        left = None if left is None else left - number
        after = page[-1].path
