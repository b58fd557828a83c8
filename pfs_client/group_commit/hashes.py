"""What files a commit has, for conditions: many are looked for with few calls.

Keys that stand close together are found with one walk, which costs pachd as much as some ten looks
at single files. Where a walk meets too few of those that are wanted, each is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Collection

from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.values import Commit, File, Part

_LOOKS_AT_ONCE = 8
_FEW = 4
_WALKED_PER_FOUND = 20
"""A walk over more files than this for each that is wanted costs more than looking at each."""

_ABOVE_ALL = "\x7f"


async def hash_at(pfs: PfsClient, file: File) -> bytes | None:
    """A file's hash; None where there is no file."""
    try:
        return (await pfs.inspect_file(file)).hash
    except (FileNotFound, NotAFile):
        return None


async def hashes_at(
    pfs: PfsClient, commit: Commit, paths: Collection[str]
) -> dict[str, bytes | None]:
    """Files' hashes, by path; None where there is no file."""
    found: dict[str, bytes | None] = {}
    left = sorted(set(paths))
    while len(left) > _FEW:
        decided = await _walk_from(pfs, commit, left)
        found |= decided
        before, left = len(left), left[len(decided) :]
        if len(decided) < max(_FEW, 2 * before // _WALKED_PER_FOUND):
            break

    async def look(path: str) -> None:
        found[path] = await hash_at(pfs, File(commit, path))

    await for_each(left, look, _LOOKS_AT_ONCE)
    return found


async def _walk_from(pfs: PfsClient, commit: Commit, paths: list[str]) -> dict[str, bytes | None]:
    """The hashes of the first of some paths, which are in order: of as many as one walk passes."""
    most = 2 * len(paths)
    infos = await pfs.walk_file(File(commit, "/"), Part(_just_before(paths[0]), files=most))
    hashes = {info.path: info.hash for info in infos if info.is_file}
    is_whole = len(hashes) < most
    return {path: hashes.get(path) for path in paths if is_whole or path <= infos[-1].path}


def _just_before(path: str) -> str:
    """What to walk behind to meet a path first."""
    return path[:-1] + chr(ord(path[-1]) - 1) + _ABOVE_ALL
