"""Files of commits, in the order of their paths: one listing, or two beside each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Protocol, TypeVar

from pfs_client.failures import FileNotFound
from pfs_client.values import Commit, File, FileInfo, Part
from pfs_client.whole_pfs import WholePfs

_PAGE_FILES = 10_000


class _HasPath(Protocol):
    @property
    def path(self) -> str: ...


T = TypeVar("T")
Left = TypeVar("Left", bound=_HasPath)
Right = TypeVar("Right", bound=_HasPath)


async def files_of(pfs: WholePfs, commit: Commit, prefix: str = "") -> AsyncIterator[FileInfo]:
    """The files of a commit whose paths begin with a prefix, page by page."""
    after = ""
    while True:
        part = Part(after=after, prefix=prefix, files=_PAGE_FILES)
        try:
            infos = await pfs.walk_file(File(commit, prefix or "/"), part)
        except FileNotFound:
            return
        files = [info for info in infos if info.is_file]
        for info in files:
            yield info
        if len(files) < _PAGE_FILES:
            return
        after = files[-1].path


async def side_by_side(
    lefts: AsyncIterator[Left], rights: AsyncIterator[Right]
) -> AsyncIterator[tuple[Left | None, Right | None]]:
    """Two listings in one order, with None where one of them lacks a path."""
    left, right = await anext(lefts, None), await anext(rights, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.path < right.path):
            yield left, None
            left = await anext(lefts, None)
        elif left is None or right.path < left.path:
            yield None, right
            right = await anext(rights, None)
        else:
            yield left, right
            left, right = await anext(lefts, None), await anext(rights, None)


async def each_of(there: Iterable[T]) -> AsyncIterator[T]:
    """What need not be waited for, to stand beside what must."""
    for one in there:
        yield one
