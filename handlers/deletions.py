"""DeleteObjects: many keys, one commit, an answer for each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.addressing import is_directory_marker, readable_path
from handlers.bucket_branches import writable_branch
from handlers.delete_markers import markers_made
from handlers.exchange import S3Request, S3Response, Services, xml_response
from handlers.request_body import read_document
from handlers.turns import in_turns
from handlers.versions import undelete
from handlers.write_conditions import condition_error, object_condition
from pfs_client.failures import ConditionFailed
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.values import Branch, BranchInfo, Commit, ExpectFile
from s3_wire import xml
from s3_wire.addresses import UNVERSIONED
from s3_wire.documents import Element
from s3_wire.errors import MalformedXML, NoSuchKey, NotImplemented, S3Error

MAX_OBJECTS = 1000

_ONLY_IN_DIRECTORY_BUCKETS = ("LastModifiedTime", "Size")
_ELEMENTS_OF_OBJECT = {"Key", "ETag", "VersionId", *_ONLY_IN_DIRECTORY_BUCKETS}


@dataclass(frozen=True, slots=True)
class _Object:
    """One object that the document names."""

    key: str
    etag: str | None
    refused: S3Error | None
    version: str = ""


@dataclass(slots=True)
class _Outcome:
    """What became of an object: why it was not deleted, or the delete marker that it has now."""

    error: S3Error | None = None
    marker: str = ""


async def delete_objects(request: S3Request) -> S3Response:
    """DeleteObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html ."""
    info = await writable_branch(request.services, request.bucket)
    document = await read_document(request, "Delete", MAX_OBJECTS + 1)
    has_versions = request.services.histories is not None
    quiet, objects = _read(document, has_versions=has_versions)
    undeleted = [await _undelete(request.services, info, named) for named in objects]
    rest = [named for named in objects if not named.version]
    deleted = iter(await _delete(request.services, info.branch, rest))
    content = []
    async for named, back in in_turns(zip(objects, undeleted, strict=True)):
        outcome = _Outcome(back) if named.version else next(deleted)
        if outcome.error is not None:
            content.append(_error(named, outcome.error, has_versions=has_versions))
        elif not quiet:
            content.append(_deleted(named, outcome.marker))
    return xml_response(xml.document("DeleteResult", content))


def _read(root: Element, *, has_versions: bool) -> tuple[bool, list[_Object]]:
    objects = []
    for child in root:
        if child.name == "Object":
            objects.append(_read_object(child, has_versions=has_versions))
        elif child.name != "Quiet":
            raise MalformedXML
    if not 1 <= len(objects) <= MAX_OBJECTS:
        raise MalformedXML(f"A Delete names 1 to {MAX_OBJECTS} objects, this one {len(objects)}.")
    quiet = root.child_text("Quiet")
    if quiet is not None and quiet.strip().lower() not in ("true", "false"):
        raise MalformedXML
    return quiet is not None and quiet.strip().lower() == "true", objects


def _read_object(node: Element, *, has_versions: bool) -> _Object:
    if any(child.name not in _ELEMENTS_OF_OBJECT for child in node):
        raise MalformedXML
    key = node.child_text("Key")
    if not key:
        raise MalformedXML("Every Object of a Delete has a Key.")
    refused: S3Error | None = None
    version = node.child_text("VersionId") or ""
    if version == UNVERSIONED and not has_versions:
        version = ""
    for name in _ONLY_IN_DIRECTORY_BUCKETS:
        if node.child_text(name) is not None:
            refused = NotImplemented(f"An object is not deleted on condition of its {name}.")
    return _Object(key, node.child_text("ETag"), refused, version)


async def _delete(services: Services, branch: Branch, objects: Sequence[_Object]) -> list[_Outcome]:
    """Delete what can be, in one commit, and say what became of each object."""
    removed: dict[int, str] = {}
    conditions: dict[int, ExpectFile] = {}
    outcomes = [_Outcome() for _ in objects]
    async for at, named in in_turns(enumerate(objects)):
        try:
            path, expect = _removal(services.writes, named)
        except S3Error as error:
            outcomes[at].error = error
            continue
        if path:
            removed[at] = path
        if expect:
            conditions[at] = expect
    ends = await _write(services.writes, branch, removed, conditions)
    for at, end in ends.items():
        if isinstance(end, ConditionFailed):
            outcomes[at].error = condition_error(end, objects[at].key)
    for commit in {end for end in ends.values() if isinstance(end, Commit)}:
        await _find_markers(
            services,
            outcomes,
            commit,
            {at: path for at, path in removed.items() if ends[at] == commit},
        )
    return outcomes


async def _find_markers(
    services: Services, outcomes: list[_Outcome], commit: Commit, paths: Mapping[int, str]
) -> None:
    """Say of the objects that a commit has removed which have a delete marker now."""
    made = await markers_made(services, commit, list(paths.values()))
    for at, path in paths.items():
        if path in made:
            outcomes[at].marker = commit.id


def _removal(writes: GroupedWrites, named: _Object) -> tuple[str | None, ExpectFile | None]:
    """The path to delete, and on what condition."""
    path = _path_of(named)
    expect = object_condition(writes, named.key, path or "", named.etag)
    if expect and not path:
        raise NoSuchKey(Key=named.key)
    return path, expect


def _path_of(named: _Object) -> str | None:
    """The path to delete; None for what is nowhere stored, such as a directory marker."""
    if named.refused is not None:
        raise named.refused
    try:
        path = readable_path(named.key)
    except NoSuchKey:
        return None
    return None if is_directory_marker(named.key) else path


async def _write(
    writes: GroupedWrites,
    branch: Branch,
    paths: Mapping[int, str],
    conditions: Mapping[int, ExpectFile],
) -> dict[int, Commit | ConditionFailed | None]:
    """Delete in one group, so that a condition that fails takes nothing else with it."""

    async def delete_if(expect: ExpectFile) -> Commit | ConditionFailed | None:
        try:
            return await writes.delete_file(branch, expect.path, expect)
        except ConditionFailed as failed:
            return failed

    async def delete_all() -> Commit | None:
        return await writes.delete_files(branch, together.values()) if together else None

    together = {at: path for at, path in paths.items() if at not in conditions}
    ends = await asyncio.gather(delete_all(), *map(delete_if, conditions.values()))
    return dict.fromkeys(together, ends[0]) | dict(zip(conditions, ends[1:], strict=True))


async def _undelete(services: Services, branch: BranchInfo, named: _Object) -> S3Error | None:
    """Bring an object back if its newest delete marker is to go; say why that cannot be."""
    if not named.version:
        return None
    try:
        await undelete(services, branch, named.key, named.version)
    except S3Error as error:
        return error
    return None


def _deleted(named: _Object, marker: str) -> str:
    parts = [xml.element("Key", named.key)]
    if named.version:
        parts.append(xml.element("VersionId", named.version))
    if marker := named.version or marker:
        parts += [
            xml.element("DeleteMarker", "true"),
            xml.element("DeleteMarkerVersionId", marker),
        ]
    return f"<Deleted>{''.join(parts)}</Deleted>"


def _error(named: _Object, error: S3Error, *, has_versions: bool) -> str:
    parts = (
        xml.element("Key", named.key),
        *([xml.element("VersionId", named.version)] if named.version and has_versions else []),
        xml.element("Code", error.code),
        xml.element("Message", error.message),
    )
    return f"<Error>{''.join(parts)}</Error>"
