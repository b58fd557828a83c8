"""DeleteObjects: many keys, one commit, an answer for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.addressing import is_directory_marker, readable_path
from handlers.bucket_branches import writable_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.request_body import read_document
from handlers.write_conditions import condition_error, object_condition
from pfs_client.failures import ConditionFailed
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.values import Branch, ExpectFile
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


async def delete_objects(request: S3Request) -> S3Response:
    """DeleteObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html ."""
    branch = (await writable_branch(request.services.pfs, request.bucket)).branch
    document = await read_document(request, "Delete", MAX_OBJECTS + 1)
    quiet, objects = _read(document)
    errors = await _delete(request.services.writes, branch, objects)
    content = []
    for named, error in zip(objects, errors, strict=True):
        if error is not None:
            content.append(_error(named.key, error))
        elif not quiet:
            content.append(f"<Deleted>{xml.element('Key', named.key)}</Deleted>")
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
    if node.child_text("VersionId") not in (None, "", _UNVERSIONED):
        refused = NotImplemented("Objects have no versions here; history is in PFS's commits.")
    for name in _ONLY_IN_DIRECTORY_BUCKETS:
        if node.child_text(name) is not None:
            refused = NotImplemented(f"An object is not deleted on condition of its {name}.")
    return _Object(key, node.child_text("ETag"), refused)


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


def _error(key: str, error: S3Error) -> str:
    parts = (
        xml.element("Key", key),
        xml.element("Code", error.code),
        xml.element("Message", error.message),
    )
    return f"<Error>{''.join(parts)}</Error>"
