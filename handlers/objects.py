"""Operations on one object: PutObject, GetObject, HeadObject, DeleteObject."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from handlers.addressing import directory_of, is_directory_marker, path_of, readable_path
from handlers.bucket_branches import existing_branch, writable_branch
from handlers.content_types import content_type_of
from handlers.delete_markers import markers_made, missing_version, newest_marker
from handlers.exchange import S3Request, S3Response, Services
from handlers.modification_times import Modified
from handlers.object_bodies import write_body
from handlers.timestamps import http_date
from handlers.version_headers import VERSION_HEADER, marker_headers, version_written
from handlers.versions import undelete, version_of
from handlers.write_conditions import delete_condition, put_condition, told_as_s3
from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.reading.commit_cache import CommitCache
from pfs_client.values import EMPTY_FILE_HASH, Commit, File, FileInfo, FileType, Part
from s3_wire.errors import InvalidArgument, InvalidPartNumber, NoSuchKey
from s3_wire.etags import etag_of
from s3_wire.preconditions import allows_range, is_unchanged
from s3_wire.ranges import Span, requested_span

_NOT_IN_HEADERS = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")
_OVERRIDES = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-content-type": "Content-Type",
    "response-expires": "Expires",
}


async def put_object(request: S3Request) -> S3Response:
    """PutObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html ."""
    path = directory_of(request.key) if is_directory_marker(request.key) else path_of(request.key)
    expect = put_condition(request.services.writes, request.headers, request.key, path)
    body, written = await write_body(request, path, expect)
    headers = {"ETag": etag_of(written.hash), **body.checksum_headers}
    headers |= version_written(request.services, written.commit)
    if body.checksum_headers:
        headers["x-amz-checksum-type"] = "FULL_OBJECT"
    return S3Response(headers=headers)


async def get_object(request: S3Request) -> S3Response:
    """GetObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html ."""
    found = await _asked_for(request)
    response, span = _describe(request, found)
    if response.status == 304 or not span.size_bytes:
        return response
    file = File(found.head, found.file.path)
    await request.memory.need(request.services.files.held_bytes(found.file))
    response.body = await request.services.files.get_file(
        file, found.file, span.offset, span.size_bytes
    )
    return response


async def head_object(request: S3Request) -> S3Response:
    """HeadObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html ."""
    found = await _asked_for(request)
    response, _ = _describe(request, found)
    return response


async def delete_object(request: S3Request) -> S3Response:
    """DeleteObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html ."""
    key, writes = request.key, request.services.writes
    info = await writable_branch(request.services, request.bucket)
    branch = info.branch
    if version := request.parameters.get("versionId"):
        await undelete(request.services, info, key, version)
        return S3Response(204, marker_headers(version))
    try:
        path = readable_path(key)
    except NoSuchKey:
        if delete_condition(writes, request.headers, key, "") is not None:
            raise
        return S3Response(204)
    expect = delete_condition(writes, request.headers, key, path)
    if is_directory_marker(key):  # pachd would delete all below it (`docs/pachd.md`, hazard 5)
        return S3Response(204)
    with told_as_s3(key):
        commit = await writes.delete_file(branch, path, expect)
    made = await markers_made(request.services, commit, [path])
    return S3Response(204, marker_headers(commit.id) if commit and made else {})


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object as it is at HEAD, or in the commit that is its version.

    `version` is empty where there are no versions, and while HEAD is open.
    """

    head: Commit
    file: FileInfo
    etag: str
    modified: Modified
    version: str = ""


async def _asked_for(request: S3Request) -> FoundObject:
    version = request.parameters.get("versionId", "")
    try:
        return await find_object(request.services, request.bucket, request.key, version)
    except NoSuchKey as missing:
        if not version and request.services.histories is not None:
            branch = await existing_branch(request.services, request.bucket)
            missing.headers = await newest_marker(request.services, branch, request.key)
        raise


async def find_object(
    services: Services, bucket: str, key: str, version: str = "", *, with_time: bool = True
) -> FoundObject:
    """Look an object up.

    Args:
        services: To ask.
        bucket: Its bucket.
        key: Its key.
        version: The commit to look at; empty for HEAD.
        with_time: Say when it changed, which may take calls; else its time is that of HEAD.

    Raises:
        NoSuchBucket: There is no such bucket.
        NoSuchKey: There is no such object in it, or can be none.
        NoSuchVersion: Nor is there such a version of it.
        MethodNotAllowed: The version is a delete marker.
    """
    branch = await existing_branch(services, bucket)
    head = await version_of(services, branch, key, version) if version else branch.head
    path = readable_path(key)
    is_marker = is_directory_marker(key)
    try:
        if is_marker:
            file = await _directory_marker(services.files, head, path)
        else:
            file = await services.files.inspect_file(File(head, path))
        changed = file.committed
        if with_time and not is_marker:
            looked_at = replace(branch, head=head) if version else branch
            changed = await services.times.of_file(looked_at, file)
    except (FileNotFound, NotAFile):
        if version:
            raise await missing_version(services, head, key, path) from None
        raise NoSuchKey(Key=key) from None
    is_version = services.histories is not None and file.committed is not None
    return FoundObject(
        head,
        file,
        etag_of(file.hash),
        Modified.since(changed),
        version or (head.id if is_version else ""),
    )


async def _directory_marker(files: CommitCache, head: Commit, path: str) -> FileInfo:
    """The empty object that a directory with files below it shows to who asks for `dir/`.

    It is stored nowhere, and no commit changes it: it has the time of HEAD.
    """
    below = await files.walk_file(File(head, path), Part(number=1))
    if not below or below[0].is_file:
        raise FileNotFound(path)
    return FileInfo(path, FileType.FILE, below[0].committed, 0, EMPTY_FILE_HASH)


def _describe(request: S3Request, found: FoundObject) -> tuple[S3Response, Span]:
    """The answer without its body, the same for GET and HEAD, and the bytes that belong into it."""
    file = found.file
    headers = {
        "ETag": found.etag,
        "Last-Modified": http_date(found.modified.time),
        "Accept-Ranges": "bytes",
    }
    if found.version:
        headers[VERSION_HEADER] = found.version
    if is_unchanged(request.headers, found.etag, found.modified.validator, datetime.now(UTC)):
        return S3Response(304, headers), Span(0, 0)
    headers["Content-Type"] = content_type_of(request.key)
    for parameter, value in request.query.items():
        if value and (header := _OVERRIDES.get(parameter)):
            headers[header] = _header_value(parameter, value)
    span = _wanted_span(request, found)
    if span is None:
        headers["Content-Length"] = str(file.size_bytes)
        return S3Response(200, headers), Span(0, file.size_bytes)
    headers["Content-Length"] = str(span.size_bytes)
    headers["Content-Range"] = span.content_range(file.size_bytes)
    return S3Response(206, headers), span


def _wanted_span(request: S3Request, found: FoundObject) -> Span | None:
    """Which bytes are asked for, by range or by part; None for all of them, without more.

    Download managers begin with a question for part 1, to learn how an object was uploaded.
    """
    range_ = request.headers.get("range")
    number = request.parameters.get("partNumber")
    if number is not None:
        if number > 1:
            raise InvalidPartNumber(
                PartNumberRequested=str(number), ActualPartCount="1", Key=request.key
            )
        return Span(0, found.file.size_bytes) if found.file.size_bytes else None
    if not allows_range(request.headers.get("if-range"), found.etag, found.modified.validator):
        return None
    return requested_span(range_, found.file.size_bytes)


def _header_value(parameter: str, value: str) -> str:
    """A value from the query string, if it can be a header's.

    Raises:
        InvalidArgument: It would be another header, or none (`docs/negative-cases.md`, row 22).
    """
    if _NOT_IN_HEADERS.search(value):
        raise InvalidArgument(
            "Header value cannot be represented using ISO-8859-1, or holds control characters.",
            ArgumentName=parameter,
            ArgumentValue=value,
        )
    return value
