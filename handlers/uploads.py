"""Uploads in parts, as a whole: they are begun, listed and aborted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from handlers.addressing import is_directory_marker, key_of, path_of
from handlers.bucket_branches import existing_branch, writable_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.service import OWNER_ID
from handlers.timestamps import iso_8601
from pfs_client.uploads.reading import UploadState
from pfs_client.uploads.records import Upload, is_upload_id
from s3_wire import xml
from s3_wire.errors import InvalidArgument, InvalidFilePath
from s3_wire.multipart import checksum_type_of
from s3_wire.upload_errors import NoSuchUpload

ALGORITHM = "x-amz-checksum-algorithm"
CHECKSUM_TYPE = "x-amz-checksum-type"
WHO = f"<ID>{OWNER_ID}</ID>"
_MAX_UPLOADS = 1000


async def create_multipart_upload(request: S3Request) -> S3Response:
    """CreateMultipartUpload.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html .
    """
    if is_directory_marker(request.key):
        raise InvalidFilePath(
            "PFS cannot hold this key: one that ends in / is a directory marker and must be empty.",
            Key=request.key,
        )
    path = path_of(request.key)
    algorithm = request.headers.get(ALGORITHM, "").lower()
    checksum_type = checksum_type_of(algorithm, request.headers.get(CHECKSUM_TYPE, "").upper())
    branch = (await writable_branch(request.services, request.bucket)).branch
    upload = await request.services.uploads.begin(branch, path, algorithm, checksum_type)
    response = xml_response(
        xml.document(
            "InitiateMultipartUploadResult",
            [
                xml.element("Bucket", request.bucket),
                xml.element("Key", request.key),
                xml.element("UploadId", upload.id),
            ],
        )
    )
    if algorithm:
        response.headers |= {ALGORITHM: algorithm.upper(), CHECKSUM_TYPE: checksum_type}
    return response


async def abort_multipart_upload(request: S3Request) -> S3Response:
    """AbortMultipartUpload.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html .
    """
    uploads = request.services.uploads
    async with uploads.turn(request.query["uploadId"]):
        state = await open_upload(request)
        await uploads.abort(state.upload)
    return S3Response(204)


def upload_path(key: str, upload_id: str) -> str:
    """The path of the object that an upload is to become.

    Raises:
        KeyTooLongError: The key is longer than S3 allows.
        NoSuchUpload: PFS can hold no such file, so that there is no upload for it.
    """
    if is_directory_marker(key):
        raise NoSuchUpload(UploadId=upload_id)
    try:
        return path_of(key)
    except InvalidFilePath as unholdable:
        raise NoSuchUpload(unholdable.message, UploadId=upload_id) from None


async def open_upload(request: S3Request, *, with_parts: bool = False) -> UploadState:
    """The upload that a request is about, which is under way.

    Raises:
        NoSuchBucket: There is no such bucket.
        NoSuchUpload: There is no such upload of this key, or it has ended.
    """
    branch = (await existing_branch(request.services, request.bucket)).branch
    upload_id = request.query["uploadId"]
    path = upload_path(request.key, upload_id)
    if _is_commit(request):
        raise NoSuchUpload(UploadId=upload_id)
    state = await request.services.uploads.find(branch, path, upload_id, with_parts=with_parts)
    if state.completion is not None:
        raise NoSuchUpload(UploadId=state.upload.id)
    return state


def _is_commit(request: S3Request) -> bool:
    """Whether the bucket is a commit, into which nothing is being uploaded."""
    return bool(request.services.named(request.bucket).commit_id)


async def list_multipart_uploads(request: S3Request) -> S3Response:
    """ListMultipartUploads.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html .
    """
    branch = (await existing_branch(request.services, request.bucket)).branch
    states = [] if _is_commit(request) else await request.services.uploads.list(branch)
    return xml_response(_Listing(request).document([state.upload for state in states]))


@dataclass(slots=True)
class _Page:
    """What one page shows, and what it ends with."""

    uploads: list[Upload] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    is_truncated: bool = False
    last_key: str = ""
    last_id: str = ""


class _Listing:
    """One request for a list of uploads. They come by key, and those of one key by id."""

    def __init__(self, request: S3Request) -> None:
        asked = request.parameters
        self._bucket = request.bucket
        self._prefix: str = asked.get("prefix", "")
        self._delimiter: str = asked.get("delimiter", "")
        self._key_marker: str = asked.get("key-marker", "")
        self._id_marker: str = asked.get("upload-id-marker", "") if self._key_marker else ""
        if self._id_marker and not is_upload_id(self._id_marker):
            raise InvalidArgument(
                "Invalid uploadId marker",
                ArgumentName="upload-id-marker",
                ArgumentValue=self._id_marker,
            )
        self._encoding: str = asked.get("encoding-type", "")
        self._encode: Callable[[str], str] = quote if self._encoding else xml.text
        self._most = min(asked["max-uploads"], _MAX_UPLOADS)

    def document(self, uploads: list[Upload]) -> bytes:
        page = self._page(uploads)
        content = [
            xml.element("Bucket", self._bucket),
            self._name("KeyMarker", self._key_marker),
            xml.element("UploadIdMarker", self._id_marker),
        ]
        if page.is_truncated:
            content.append(self._name("NextKeyMarker", page.last_key))
            content.append(xml.element("NextUploadIdMarker", page.last_id))
        content.append(self._name("Prefix", self._prefix))
        if self._delimiter:
            content.append(self._name("Delimiter", self._delimiter))
        if self._encoding:
            content.append(xml.element("EncodingType", self._encoding))
        content.append(xml.element("MaxUploads", str(self._most)))
        content.append(xml.element("IsTruncated", "true" if page.is_truncated else "false"))
        content += map(self._upload, page.uploads)
        content += [
            f"<CommonPrefixes>{self._name('Prefix', prefix)}</CommonPrefixes>"
            for prefix in page.prefixes
        ]
        return xml.document("ListMultipartUploadsResult", content)

    def _page(self, uploads: list[Upload]) -> _Page:
        page = _Page()
        if not self._most:
            return page
        for key, upload in self._behind_marker(uploads):
            folded = self._folded(key)
            if folded and page.prefixes and page.prefixes[-1] == folded:
                continue
            if len(page.uploads) + len(page.prefixes) == self._most:
                page.is_truncated = True
                break
            if folded:
                page.prefixes.append(folded)
                page.last_key, page.last_id = folded, ""
            else:
                page.uploads.append(upload)
                page.last_key, page.last_id = key, upload.id
        return page

    def _behind_marker(self, uploads: list[Upload]) -> Iterator[tuple[str, Upload]]:
        marker = (self._key_marker, self._id_marker)
        for upload in sorted(uploads, key=lambda one: (one.path, one.id)):
            key = key_of(upload.path)
            is_behind = (self._folded(key) or key) > self._key_marker
            if self._id_marker and key == self._key_marker:
                is_behind = (key, upload.id) > marker
            if key.startswith(self._prefix) and is_behind:
                yield key, upload

    def _folded(self, key: str) -> str:
        """The common prefix that a key is folded into; empty where it stands for itself."""
        if not self._delimiter:
            return ""
        at = key.find(self._delimiter, len(self._prefix))
        return "" if at < 0 else key[: at + len(self._delimiter)]

    def _upload(self, upload: Upload) -> str:
        parts = [
            self._name("Key", key_of(upload.path)),
            xml.element("UploadId", upload.id),
            f"<Initiator>{WHO}</Initiator><Owner>{WHO}</Owner>",
            xml.element("StorageClass", "STANDARD"),
            xml.element("Initiated", iso_8601(upload.started)),
            *checksum_elements(upload),
        ]
        return f"<Upload>{''.join(parts)}</Upload>"

    def _name(self, name: str, value: str) -> str:
        return f"<{name}>{self._encode(value)}</{name}>"


def checksum_elements(upload: Upload) -> list[str]:
    """What lists say of an upload's checksums."""
    if not upload.algorithm:
        return []
    return [
        xml.element("ChecksumAlgorithm", upload.algorithm.upper()),
        xml.element("ChecksumType", upload.checksum_type),
    ]
