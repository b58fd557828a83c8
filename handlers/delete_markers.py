"""Delete markers: which commits deleted an object.

PFS stores none. A commit is a key's delete marker if the file is not in it, but was before.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from handlers.addressing import is_directory_marker, readable_path
from handlers.exchange import Services
from handlers.turns import in_turns
from handlers.version_headers import marker_headers
from pfs_client.failures import PfsFailure
from pfs_client.values import BranchInfo, Commit, File
from s3_wire.errors import NoSuchKey
from s3_wire.version_errors import MethodNotAllowed, NoSuchVersion

log = logging.getLogger("s3gateway")


async def missing_version(
    services: Services, commit: Commit, key: str, path: str
) -> NoSuchVersion | MethodNotAllowed:
    """What to say of a version without an object: whether it is the one that deleted it."""
    if is_directory_marker(key) or not await _deleted_in(services, commit, [path]):
        return NoSuchVersion(Key=key, VersionId=commit.id)
    return MethodNotAllowed(
        headers={"Allow": "DELETE", **marker_headers(commit.id)},
        Key=key,
        VersionId=commit.id,
        ResourceType="DeleteMarker",
    )


async def markers_made(
    services: Services, commit: Commit | None, paths: Sequence[str]
) -> Collection[str]:
    """The paths that have a delete marker by a commit which has just removed them.

    A path has none if there was no file, or if a later write of the commit stored one again. What
    cannot be looked up is left out: the files are gone, and the answer must say that.

    Args:
        services: To ask.
        commit: What removed them; None where PFS does not say it, or it is still open.
        paths: What was removed.
    """
    if services.histories is None or commit is None or not paths:
        return ()
    try:
        return await _deleted_in(services, commit, paths)
    except PfsFailure as error:
        log.debug("which files %s deleted is not known: %s", commit, error)
        return ()


async def newest_marker(services: Services, branch: BranchInfo, key: str) -> dict[str, str]:
    """The headers of an object's delete marker, if it has one and PFS finds that at once."""
    histories = services.histories
    if histories is None or is_directory_marker(key):
        return {}
    try:
        path = readable_path(key)
        last = await histories.last_change(branch, path)
        is_marker = last is not None and await _deleted_in(services, last, [path])
    except NoSuchKey:  # PFS can hold no such file
        return {}
    except PfsFailure as error:
        log.debug("which commit deleted %s is not known: %s", key, error)
        return {}
    return marker_headers(last.id) if last is not None and is_marker else {}


async def _deleted_in(services: Services, commit: Commit, paths: Sequence[str]) -> Collection[str]:
    """The paths of files that a commit deleted.

    As in lists of versions, it is compared with the last commit before it that has not failed, and
    an open commit has no versions yet.
    """
    info = await services.pfs.inspect_commit(commit)
    if info.is_open:
        return ()
    before = info.parent
    while before is not None and (info := await services.pfs.inspect_commit(before)).error:
        before = info.parent
    if before is None:
        return ()
    return {
        path
        async for path in in_turns(paths)
        if await services.files.find_file(File(before, path)) is not None
        and await services.files.find_file(File(commit, path)) is None
    }
