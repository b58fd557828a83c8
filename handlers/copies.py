"""CopyObject: one file becomes the same as another, in one commit, and no bytes come this way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from handlers.addressing import directory_of, is_directory_marker, path_of
from handlers.bucket_branches import committed_at, writable_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.objects import FoundObject, find_object
from handlers.timestamps import iso_8601
from handlers.version_headers import version_written
from handlers.versions import check_version_id, no_bytes
from handlers.write_conditions import put_condition, told_as_s3
from pfs_client.failures import CommitNotFound, FileNotFound
from pfs_client.values import Branch, Commit, ExpectFile
from s3_wire import xml
from s3_wire.addresses import COPY_SOURCE, UNVERSIONED, CopySource, copy_source
from s3_wire.errors import (
    InvalidArgument,
    InvalidFilePath,
    InvalidRequest,
    NoSuchKey,
    NotImplemented,
)
from s3_wire.preconditions import check_copy_source
from s3_wire.version_errors import MethodNotAllowed

MAX_COPY_BYTES = 5 * 1024**3
"""What S3 copies at a time; for more there are copies of parts."""

_DATES = frozenset(f"{COPY_SOURCE}-if-{since}modified-since" for since in ("", "un"))
_MOST_TRIES = 2
_STANDARD = "STANDARD"
_ONTO_ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing"
    " the object's metadata, storage class, website redirect location or encryption attributes."
)

_DELETE_MARKER = (
    "The source of a copy request may not specifically refer to a delete marker by version id."
)


async def copy_object(request: S3Request) -> S3Response:
    """CopyObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html ."""
    source = source_of(request)
    refuse_range(request)
    key = request.key
    path = directory_of(key) if is_directory_marker(key) else path_of(key)
    expect = put_condition(request.services.writes, request.headers, key, path)
    _refuse_onto_itself(request, source)
    branch = (await writable_branch(request.services, request.bucket)).branch
    with told_as_s3(key):
        found, commit = await _copy(request, source, branch, path, expect)
    modified = await committed_at(request.services.pfs, branch)
    parts = (xml.element("LastModified", iso_8601(modified)), xml.element("ETag", found.etag))
    response = xml_response(xml.document("CopyObjectResult", parts))
    response.headers |= version_copied(found) | version_written(request.services, commit)
    return response


def refuse_range(request: S3Request) -> None:
    """See that a copy is not asked for a part of its source as a GET is: it would get all of it.

    Raises:
        InvalidArgument: It is.
    """
    if (range_ := request.headers.get("range")) is not None:
        raise InvalidArgument(
            "RANGE is not supported in Copy!", ArgumentName="Range", ArgumentValue=range_
        )


def version_copied(found: FoundObject) -> dict[str, str]:
    """The header that says which version was copied, where there are versions."""
    return {"x-amz-copy-source-version-id": found.version} if found.version else {}


def _refuse_onto_itself(request: S3Request, source: CopySource) -> None:
    """Refuse a copy that would change nothing, as S3 does.

    Raises:
        InvalidRequest: It is one.
    """
    headers = request.headers
    is_change = (
        headers.get("x-amz-metadata-directive") == "REPLACE"
        or headers.get("x-amz-storage-class", _STANDARD) != _STANDARD
    )
    is_change = is_change or bool(source.version)
    named = request.services.named
    is_same = source.key == request.key and named(source.bucket) == named(request.bucket)
    if is_same and not is_change:
        raise InvalidRequest(_ONTO_ITSELF)


def source_of(request: S3Request) -> CopySource:
    """The source of a copy. Where buckets have no versions, `null` is the object itself.

    Raises:
        InvalidArgument: It is no bucket and key.
    """
    source = copy_source(request.headers[COPY_SOURCE])
    is_itself = source.version == UNVERSIONED and request.services.histories is None
    return replace(source, version="") if is_itself else source


async def _copy(
    request: S3Request, source: CopySource, branch: Branch, path: str, expect: ExpectFile | None
) -> tuple[FoundObject, Commit | None]:
    """Copy, and give what was copied, and the commit of the copy where it is known.

    Who drops or squashes commits may do so between our look at the source and the copy. PFS refuses
    the copy then, and we look again.
    """
    for tries_left in reversed(range(_MOST_TRIES)):
        found = await _copyable(request, source)
        try:
            commit = await _write(request, found, branch, path, expect)
        except CommitNotFound:
            if not tries_left:
                raise
        except FileNotFound:
            raise NoSuchKey(Key=source.key) from None
        else:
            break
    return found, commit


async def _copyable(request: S3Request, source: CopySource) -> FoundObject:
    """The source, as it may be copied in one go.

    Raises:
        InvalidRequest: It is too large.
        S3Error: As for `find_source`.
    """
    found = await find_source(request, source)
    if found.file.size_bytes > MAX_COPY_BYTES:
        raise InvalidRequest(
            "The specified copy source is larger than the maximum allowable size for a copy source:"
            f" {MAX_COPY_BYTES}"
        )
    return found


async def find_source(request: S3Request, source: CopySource) -> FoundObject:
    """The object, or the version of it, that a request copies from.

    Raises:
        NoSuchBucket, NoSuchKey: It is not there.
        PreconditionFailed: It is not as the request wants it.
        NoSuchVersion: Nor is the version that is named.
        InvalidArgument: What is named can be no version.
        NotImplemented: It is a version, and buckets have none.
        InvalidRequest: The version is a delete marker.
    """
    if source.version and request.services.histories is None:
        raise NotImplemented(
            f"{NotImplemented.message}: a version of the source. Versions are switched off; start"
            " the gateway with --with versions."
        )
    check_version_id(source.version)
    has_dates = not _DATES.isdisjoint(request.headers)
    try:
        found = await find_object(
            request.services, source.bucket, source.key, source.version, with_time=has_dates
        )
    except MethodNotAllowed:
        raise InvalidRequest(_DELETE_MARKER) from None
    check_copy_source(request.headers, found.etag, found.modified.validator, datetime.now(UTC))
    return found


async def _write(
    request: S3Request, found: FoundObject, branch: Branch, path: str, expect: ExpectFile | None
) -> Commit | None:
    """Write the copy. What is empty is written as such, for it may be a directory's marker."""
    writes = request.services.writes
    if is_directory_marker(request.key):
        if found.file.size_bytes:
            raise InvalidFilePath(
                "PFS cannot hold this key: one that ends in / is a directory marker and must be"
                " empty.",
                Key=request.key,
            )
        return None
    if found.file.size_bytes:
        return await writes.copy_file(branch, path, found.head, found.file, expect)
    written = await writes.put_file(branch, path, no_bytes(), declared_size_bytes=0, expect=expect)
    return written.commit
