"""Versions of objects: a version id is the id of a commit in the branch's history.

No commit ever changes, so that a version cannot be deleted. The one thing that a DELETE of a
version does is to take back a deletion: the object comes back as it was, in a commit of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from handlers.addressing import is_directory_marker, readable_path
from handlers.exchange import Services
from pfs_client.failures import CommitNotFound, ConditionFailed, PathCollision
from pfs_client.values import BranchInfo, Commit, ExpectFile, File, FileInfo, is_commit_id
from pfs_client.versions.histories import Histories
from s3_wire.errors import InvalidArgument, NotImplemented
from s3_wire.version_errors import NoSuchVersion

_CANNOT_GO = (
    "No version can be deleted: commits do not change. Only the newest delete marker can, which"
    " brings the object back."
)


def check_version_id(version: str) -> None:
    """See that a text may be a version's id, or is empty.

    Raises:
        InvalidArgument: It may not. PFS is not asked, as a pachd would panic (`docs/pachd.md`,
            "Commit ids").
    """
    if version and not is_commit_id(version):
        raise InvalidArgument(
            "Invalid version id specified", ArgumentName="versionId", ArgumentValue=version
        )


async def version_of(services: Services, branch: BranchInfo, key: str, version: str) -> Commit:
    """The commit that is a version, if it is in the branch's history.

    Raises:
        NoSuchVersion: It is not: another branch's commits are not to be seen through this one.
    """
    try:
        return (await histories_of(services).commit(branch, version)).commit
    except CommitNotFound:
        raise NoSuchVersion(Key=key, VersionId=version) from None


async def undelete(services: Services, branch: BranchInfo, key: str, version: str) -> None:
    """Take back the deletion of an object, if it is the newest thing that happened to it.

    Raises:
        NotImplemented: It is another version, and none can be deleted; or something stands where
            the object stood.
        NoSuchVersion: The branch's history has no such commit.
        NoSuchKey: There can be no such object.
    """
    if services.histories is None:
        raise NotImplemented("Versions are switched off; start the gateway with --with versions.")
    check_version_id(version)
    deleting = await version_of(services, branch, key, version)
    path = readable_path(key)
    now = File(branch.head, path)
    if is_directory_marker(key) or await services.files.find_file(now) is not None:
        raise NotImplemented(_CANNOT_GO)
    before = await _before_deletion(services, branch.head, deleting, path)
    found = None if before is None else await services.files.find_file(File(before, path))
    if before is None or found is None:
        raise NotImplemented(_CANNOT_GO)
    try:
        await _bring_back(services, branch, before, found)
    except ConditionFailed:  # somebody has just stored it anew
        raise NotImplemented(_CANNOT_GO) from None
    except PathCollision as collision:
        raise NotImplemented(
            f"The object cannot come back while there is {collision.existing.lstrip('/')}: of two"
            " paths one cannot be a file and the other lie below it."
        ) from None


async def _bring_back(
    services: Services, branch: BranchInfo, before: Commit, found: FileInfo
) -> None:
    writes, path = services.writes, found.path
    # Whoever has stored it anew meanwhile keeps what they stored, where the PFS can decide that.
    expect = ExpectFile(path, frozenset()) if writes.takes_conditions else None
    if found.size_bytes:
        await writes.copy_file(branch.branch, path, before, found, expect)
    else:
        await writes.put_file(branch.branch, path, no_bytes(), declared_size_bytes=0, expect=expect)


async def no_bytes() -> AsyncIterator[bytes]:
    """The bytes of an empty file."""
    return
    yield b""


async def _before_deletion(
    services: Services, head: Commit, deleting: Commit, path: str
) -> Commit | None:
    """What a commit is based on, if it is the last that changed a path."""
    pfs = services.pfs
    info = await pfs.inspect_commit(head)
    if not info.is_open and info.finished is None:
        await pfs.inspect_commit(head, wait_finished=True)  # pachd searches finished ones only
    start = head if not info.is_open else info.parent
    if start is None:
        return None
    async for found in pfs.find_commits(start, path, 1):
        if found.commit == deleting:
            return (await pfs.inspect_commit(deleting)).parent
        break
    return None


def histories_of(services: Services) -> Histories:
    """What branches were; the contract lets nobody ask where buckets have no versions."""
    if services.histories is None:
        raise RuntimeError("a version is asked for where buckets have none")
    return services.histories
