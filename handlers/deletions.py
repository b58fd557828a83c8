"""DeleteObjects: many keys, one commit, an answer for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.addressing import is_directory_marker, readable_path
from handlers.bucket_branches import writable_branch
from handlers.exchange import S3Request, S3Response, Services, xml_response
from handlers.request_body import read_document
from handlers.versions import undelete
from handlers.write_conditions import condition_error, object_condition
from pfs_client.failures import ConditionFailed
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.values import Branch, BranchInfo, ExpectFile
from s3_wire import xml
from s3_wire.documents import Element
from s3_wire.errors import MalformedXML, NoSuchKey, NotImplemented, S3Error

MAX_OBJECTS = 1000

_ONLY_IN_DIRECTORY_BUCKETS = ("LastModifiedTime", "Size")
_ELEMENTS_OF_OBJECT = {"Key", "ETag", "VersionId", *_ONLY_IN_DIRECTORY_BUCKETS}
_UNVERSIONED = "null"


@dataclass(frozen=True, slots=True)
class _Object:
    """One object that the document names."""

    key: str
    etag: str | None
    refused: S3Error | None
    version: str = ""


async def delete_objects(request: S3Request) -> S3Response:
    """DeleteObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html ."""
    info = await writable_branch(request.services, request.bucket)
    document = await read_document(request, "Delete", MAX_OBJECTS + 1)
    quiet, objects = _read(document)
    refused = [await _undelete(request.services, info, named) for named in objects]
    rest = [named for named in objects if not named.version]
    failed = iter(await _delete(request.services.writes, info.branch, rest))
    errors = [
        error if named.version else next(failed)
        for named, error in zip(objects, refused, strict=True)
    ]
    has_versions = request.services.histories is not None
    content = []
    for named, error in zip(objects, errors, strict=True):
        if error is not None:
            content.append(_error(named, error, has_versions=has_versions))
        elif not quiet:
            content.append(_deleted(named))
    return xml_response(xml.document("DeleteResult", content))


def _read(root: Element) -> tuple[bool, list[_Object]]:
    objects = []
    for child in root:
        if child.name == "Object":
            objects.append(_read_object(child))
        elif child.name != "Quiet":
            raise MalformedXML
    if not 1 <= len(objects) <= MAX_OBJECTS:
        raise MalformedXML(f"A Delete names 1 to {MAX_OBJECTS} objects, this one {len(objects)}.")
    quiet = root.child_text("Quiet")
    if quiet is not None and quiet.strip().lower() not in ("true", "false"):
        raise MalformedXML
    return quiet is not None and quiet.strip().lower() == "true", objects


def _read_object(node: Element) -> _Object:
    if any(child.name not in _ELEMENTS_OF_OBJECT for child in node):
        raise MalformedXML
    key = node.child_text("Key")
    if not key:
        raise MalformedXML("Every Object of a Delete has a Key.")
    refused: S3Error | None = None
    version = node.child_text("VersionId") or ""
    if version == _UNVERSIONED:
        version = ""
    for name in _ONLY_IN_DIRECTORY_BUCKETS:
        if node.child_text(name) is not None:
            refused = NotImplemented(f"An object is not deleted on condition of its {name}.")
    return _Object(key, node.child_text("ETag"), refused, version)


async def _delete(
    writes: GroupedWrites, branch: Branch, objects: Sequence[_Object]
) -> list[S3Error | None]:
    """Delete what can be, in one commit, and say of each object what was wrong with it."""
    unconditional: list[str] = []
    conditional: dict[int, ExpectFile] = {}
    errors: list[S3Error | None] = [None] * len(objects)
    for at, named in enumerate(objects):
        try:
            path = _path_of(named)
            expect = object_condition(writes, named.key, path or "", named.etag)
            if expect and not path:
                raise NoSuchKey(Key=named.key)
        except S3Error as error:
            errors[at] = error
            continue
        if expect:
            conditional[at] = expect
        elif path:
            unconditional.append(path)
    failures = await _write(writes, branch, unconditional, list(conditional.values()))
    for at, failed in zip(conditional, failures, strict=True):
        if failed is not None:
            errors[at] = condition_error(failed, objects[at].key)
    return errors


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
    writes: GroupedWrites, branch: Branch, paths: Sequence[str], expected: Sequence[ExpectFile]
) -> list[ConditionFailed | None]:
    """Delete in one group, so that a condition that fails takes nothing else with it."""

    async def delete_if(expect: ExpectFile) -> ConditionFailed | None:
        try:
            await writes.delete_file(branch, expect.path, expect)
        except ConditionFailed as failed:
            return failed
        return None

    async def delete_all() -> None:
        if paths:
            await writes.delete_files(branch, paths)

    _, *failures = await asyncio.gather(delete_all(), *map(delete_if, expected))
    return failures


async def _undelete(services: Services, branch: BranchInfo, named: _Object) -> S3Error | None:
    """Bring an object back if its newest delete marker is to go; say why that cannot be."""
    if not named.version:
        return None
    try:
        await undelete(services, branch, named.key, named.version)
    except S3Error as error:
        return error
    return None


def _deleted(named: _Object) -> str:
    parts = [xml.element("Key", named.key)]
    if named.version:
        parts += [
            xml.element("VersionId", named.version),
            xml.element("DeleteMarker", "true"),
            xml.element("DeleteMarkerVersionId", named.version),
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
