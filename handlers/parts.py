"""Parts of an upload: they are sent, copied and listed."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

from handlers.copies import find_source, refuse_range, source_of, version_copied
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.objects import FoundObject
from handlers.request_body import RequestBody
from handlers.timestamps import iso_8601
from handlers.uploads import WHO, checksum_elements, open_upload, upload_path
from pfs_client.failures import FileNotFound
from pfs_client.uploads.reading import UploadState
from pfs_client.uploads.records import PartRecord, Upload
from pfs_client.values import File
from s3_wire import xml
from s3_wire.algorithms import ALGORITHMS, in_base64
from s3_wire.checksums import named_checksum
from s3_wire.errors import EntityTooLarge, InvalidRequest, NoSuchKey
from s3_wire.etags import etag_of
from s3_wire.multipart import MAX_PART_BYTES
from s3_wire.ranges import Span, copied_span

SOURCE_RANGE = "x-amz-copy-source-range"
_MAX_PARTS = 1000
_INLINE_DIGEST_BYTES = 64 * 1024
"""Up to this size a thread costs more than the digest."""


async def upload_part(request: S3Request) -> S3Response:
    """UploadPart: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html ."""
    body = RequestBody(request)
    branch = request.services.named(request.bucket).branch
    upload_id = request.query["uploadId"]
    path = upload_path(request.key, upload_id)
    known = request.services.uploads.known(branch, path, upload_id)
    # To look takes as long as pachd takes to finish the last commit: the body comes meanwhile.
    looking = asyncio.create_task(open_upload(request))
    try:
        upload = known or (await looking).upload
        part = await _receive(request, body, upload, looking)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    headers = {"ETag": etag_of(part.hash), **body.checksum_headers}
    if upload.algorithm:
        # Of a part that came without one too: who completes the upload may name it.
        headers[f"x-amz-checksum-{upload.algorithm}"] = in_base64(part.checksum)
    return S3Response(headers=headers)


async def _receive(
    request: S3Request, body: RequestBody, upload: Upload, looking: asyncio.Task[UploadState]
) -> PartRecord:
    named = named_checksum(request.headers)
    if upload.algorithm and named not in (None, upload.algorithm):
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm},"
            f" actual checksum Type: {named}"
        )
    # The one that it brings is computed anyway, to be verified.
    summed = _Summed("" if named else upload.algorithm, body.pieces())

    def checksum() -> bytes:
        return _verified(body, upload) if named else summed.digest()

    return await request.services.uploads.store_part(
        upload,
        request.parameters["partNumber"],
        summed.pieces(),
        body.declared_size_bytes,
        checksum,
        looking,
    )


def _verified(body: RequestBody, upload: Upload) -> bytes:
    """The checksum that a body came with, as the upload keeps it; nothing where it keeps none."""
    if not upload.algorithm:
        return b""
    return base64.b64decode(body.checksum_headers[f"x-amz-checksum-{upload.algorithm}"])


async def upload_part_copy(request: S3Request) -> S3Response:
    """UploadPartCopy: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html ."""
    source = source_of(request)
    refuse_range(request)
    upload = (await open_upload(request)).upload
    found = await find_source(request, source)
    size_bytes = found.file.size_bytes
    range_ = request.headers.get(SOURCE_RANGE)
    span = Span(0, size_bytes) if range_ is None else copied_span(range_, size_bytes)
    if span.size_bytes > MAX_PART_BYTES:
        raise EntityTooLarge(ProposedSize=str(span.size_bytes), MaxSizeAllowed=str(MAX_PART_BYTES))
    part = await _copy(request, upload, found, span)
    parts = [
        xml.element("ETag", etag_of(part.hash)),
        xml.element("LastModified", iso_8601(part.modified)),
    ]
    if upload.algorithm:
        parts.append(_checksum(upload, part))
    response = xml_response(xml.document("CopyPartResult", parts))
    response.headers |= version_copied(found)
    return response


async def _copy(request: S3Request, upload: Upload, found: FoundObject, span: Span) -> PartRecord:
    """Copy in PFS what can be: a whole file whose checksum nobody wants; the rest comes this way.

    Nothing of a file that was in an open commit is copied there: it may have changed.
    """
    uploads, number = request.services.uploads, request.parameters["partNumber"]
    file = File(found.head, found.file.path)
    is_whole = span == Span(0, found.file.size_bytes)
    if is_whole and span.size_bytes and not upload.algorithm and found.file.committed is not None:
        try:
            return await uploads.copy_part(upload, number, file)
        except FileNotFound:
            raise NoSuchKey from None
    summed = _Summed(upload.algorithm, _bytes_of(request, found, span))
    return await uploads.store_part(upload, number, summed.pieces(), span.size_bytes, summed.digest)


async def _bytes_of(request: S3Request, found: FoundObject, span: Span) -> AsyncIterator[bytes]:
    if not span.size_bytes:
        return
    files = request.services.files
    await request.memory.need(files.held_bytes(found.file))
    content = await files.get_file(
        File(found.head, found.file.path), found.file, span.offset, span.size_bytes
    )
    if isinstance(content, bytes):
        yield content
        return
    async with content:
        async for piece in content:
            yield piece


async def list_parts(request: S3Request) -> S3Response:
    """ListParts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html ."""
    state = await open_upload(request, with_parts=True)
    upload, asked = state.upload, request.parameters
    most = min(asked["max-parts"], _MAX_PARTS)
    after = asked["part-number-marker"]
    behind = [part for number, part in state.parts.items() if number > after]
    page = behind[:most]
    content = [
        xml.element("Bucket", request.bucket),
        xml.element("Key", request.key),
        xml.element("UploadId", upload.id),
        f"<Initiator>{WHO}</Initiator><Owner>{WHO}</Owner>",
        xml.element("StorageClass", "STANDARD"),
        xml.element("PartNumberMarker", str(after)),
        xml.element("NextPartNumberMarker", str(page[-1].number if page else 0)),
        xml.element("MaxParts", str(most)),
        xml.element("IsTruncated", "true" if most and len(behind) > most else "false"),
        *checksum_elements(upload),
        *(_part(upload, part) for part in page),
    ]
    return xml_response(xml.document("ListPartsResult", content))


def _part(upload: Upload, part: PartRecord) -> str:
    parts = [
        xml.element("PartNumber", str(part.number)),
        xml.element("LastModified", iso_8601(part.modified)),
        xml.element("ETag", etag_of(part.hash)),
        xml.element("Size", str(part.size_bytes)),
    ]
    if upload.algorithm:
        parts.append(_checksum(upload, part))
    return f"<Part>{''.join(parts)}</Part>"


def _checksum(upload: Upload, part: PartRecord) -> str:
    return xml.element(f"Checksum{upload.algorithm.upper()}", in_base64(part.checksum))


class _Summed:
    """Bytes on their way, and their checksum: of every part the upload's own is kept."""

    def __init__(self, algorithm: str, pieces: AsyncIterator[bytes]) -> None:
        self._hash = ALGORITHMS[algorithm].create() if algorithm else None
        self._pieces = pieces

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes."""
        async for piece in self._pieces:
            if self._hash is None:
                pass
            elif len(piece) <= _INLINE_DIGEST_BYTES:
                self._hash.update(piece)
            else:
                await asyncio.to_thread(self._hash.update, piece)
            yield piece

    def digest(self) -> bytes:
        """Their checksum, once all have come; nothing where the upload has none."""
        return self._hash.digest() if self._hash is not None else b""
