"""CompleteMultipartUpload: all parts become one file, in one commit.

What is wrong with the request, with the list of parts and with conditions is told before the answer
begins. To compose many parts, and to commit them, may take longer than a client waits for the first
byte: then the answer begins, and what goes wrong afterwards is an `<Error>` in a 200, as at AWS.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from handlers.bucket_branches import writable_branch
from handlers.chosen_parts import check_named_checksums, chosen_parts
from handlers.exchange import LateDocument, S3Request, S3Response, xml_response
from handlers.request_body import read_document
from handlers.uploads import CHECKSUM_TYPE, upload_path
from handlers.version_headers import version_written
from handlers.write_conditions import condition_error, put_condition, told_as_s3
from pfs_client.failures import ConditionFailed, FileSetNotFound
from pfs_client.uploads.reading import UploadState
from pfs_client.uploads.records import Completion, Upload
from pfs_client.values import BranchInfo, Commit, ExpectFile, File
from s3_wire import xml
from s3_wire.checksums import own_checksums, without_checksums
from s3_wire.errors import (
    BadDigest,
    InvalidRequest,
)
from s3_wire.etags import etag_of
from s3_wire.multipart import (
    MAX_PARTS,
    ListedPart,
    is_same_checksum,
    listed_parts,
    number_of,
)
from s3_wire.upload_errors import InvalidPart, NoSuchUpload

PATIENCE_SECONDS = 10.0
"""How long an answer may take to begin, once nothing is left to decide."""

_OBJECT_SIZE = "x-amz-mp-object-size"


async def complete_multipart_upload(request: S3Request) -> S3Response:
    """CompleteMultipartUpload.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html .
    """
    path = upload_path(request.key, request.query["uploadId"])
    expect = put_condition(request.services.writes, request.headers, request.key, path)
    target = await writable_branch(request.services, request.bucket)
    # Checksums in the headers are the object's, and not the document's.
    of_document = replace(request, headers=without_checksums(request.headers))
    document = await read_document(of_document, "CompleteMultipartUpload", MAX_PARTS)
    # 10,000 parts would hold the loop for 50 ms, here and below.
    listed = await asyncio.to_thread(listed_parts, document)
    completing = _Completing(request, path, expect, listed)
    work = request.services.uploads.in_background(completing.run(target))
    deciding = asyncio.create_task(completing.decided.wait())
    try:
        await asyncio.wait((work, deciding), return_when=asyncio.FIRST_COMPLETED)
    finally:
        deciding.cancel()
    await asyncio.wait((work,), timeout=PATIENCE_SECONDS)
    if work.done():
        response = xml_response(work.result())
        response.headers |= version_written(request.services, completing.commit)
        return response
    return S3Response(headers={"Content-Type": xml.CONTENT_TYPE}, body=LateDocument(work))


class _Completing:
    """One request to complete an upload. It goes on when its client has gone."""

    def __init__(
        self,
        request: S3Request,
        path: str,
        expect: ExpectFile | None,
        listed: Sequence[ListedPart],
    ) -> None:
        self._request = request
        self._services = request.services
        self._path = path
        self._expect = expect
        self._listed = listed
        self._size_said = _size_said(request)
        self._checksums_said = own_checksums(request.headers)
        self.decided = asyncio.Event()
        """Set once only PFS can still refuse."""
        self.commit: Commit | None = None
        """What the file is in, once it has been written here and PFS says so."""

    async def run(self, target: BranchInfo) -> bytes:
        """Complete it, and give the answer's document."""
        uploads, upload_id = self._services.uploads, self._request.query["uploadId"]
        async with uploads.turn(upload_id):
            state = await uploads.find(target.branch, self._path, upload_id)
            completion = state.completion
            if completion is not None:
                if completion.digest != self._digest():
                    raise NoSuchUpload(UploadId=upload_id)
                self._check_said(state.upload, completion.size_bytes, completion.checksum)
                await asyncio.to_thread(check_named_checksums, state, self._listed)
                self.decided.set()
                head = (await self._services.pfs.inspect_branch(target.branch)).head
                if await uploads.completing.was_written(state.upload, completion, head):
                    return self._document(state.upload, completion)
            return self._document(state.upload, await self._write(state, target.head))

    async def _write(self, state: UploadState, head: Commit) -> Completion:
        chosen = await asyncio.to_thread(chosen_parts, state, self._listed)
        self._check_said(state.upload, chosen.size_bytes, chosen.checksum)
        await self._check_condition(head)
        uploads = self._services.uploads
        self.decided.set()
        try:
            composed = await uploads.completing.compose(chosen.parts)
        except FileSetNotFound:
            raise _expired(state.upload) from None
        completion = Completion(
            self._digest(),
            composed.info.hash,
            composed.info.size_bytes,
            head.id,
            datetime.now(UTC),
            chosen.checksum,
        )
        with told_as_s3(self._request.key):
            try:
                self.commit = await uploads.completing.write(
                    state.upload, completion, composed, self._expect
                )
            except FileSetNotFound:
                raise _expired(state.upload) from None
        return completion

    def _check_said(self, upload: Upload, size_bytes: int, checksum: str) -> None:
        """Hold what the request says of the object against what it is, or would be.

        Without an algorithm there is no checksum. S3 does not look at one then, whatever it is.

        Raises:
            InvalidRequest: It has another size, or the request says a checksum of another algorithm
                or type than the upload's.
            BadDigest: It has another checksum.
        """
        if self._size_said not in (None, size_bytes):
            raise InvalidRequest(
                "The provided 'x-amz-mp-object-size' header value does not match what was computed:"
                f" {size_bytes}"
            )
        asked = self._request.headers.get(CHECKSUM_TYPE)
        if asked is not None and asked.upper() != upload.checksum_type:
            raise InvalidRequest(
                f"The upload was created using the {upload.checksum_type or 'null'} checksum mode."
                " The complete request must use the same checksum mode."
            )
        for algorithm, value in self._checksums_said.items() if upload.algorithm else ():
            if algorithm != upload.algorithm:
                raise InvalidRequest(
                    f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm},"
                    f" actual checksum Type: {algorithm}"
                )
            if not is_same_checksum(value, checksum):
                raise BadDigest(
                    f"The {algorithm} you specified did not match the calculated checksum."
                )

    async def _check_condition(self, head: Commit) -> None:
        """Tell of a condition that does not hold before the answer begins.

        It is decided when the file is written; this is only for who asks for a status.
        """
        if self._expect is None:
            return
        info = await self._services.files.find_file(File(head, self._path))
        if not self._expect.allows(None if info is None else info.hash):
            failed = ConditionFailed(self._expect, exists=info is not None)
            raise condition_error(failed, self._request.key)

    def _digest(self) -> str:
        listed = "".join(f"{part.number}:{part.etag}\n" for part in self._listed)
        return hashlib.sha256(listed.encode()).hexdigest()

    def _document(self, upload: Upload, completion: Completion) -> bytes:
        bucket, key = self._request.bucket, self._request.key
        parts = [
            xml.element("Location", _location(self._request)),
            xml.element("Bucket", bucket),
            xml.element("Key", key),
            xml.element("ETag", etag_of(completion.hash)),
        ]
        if completion.checksum:
            name = f"Checksum{upload.algorithm.upper()}"
            parts.append(xml.element(name, completion.checksum))
            parts.append(xml.element("ChecksumType", upload.checksum_type))
        return xml.document("CompleteMultipartUploadResult", parts)


def _location(request: S3Request) -> str:
    """The object's URL: the one that the list of parts was sent to, without its query.

    So it is right for who sent it, whichever of the gateway's names that is. A client may name no
    host, be it by HTTP/1.0 or by an empty Host.
    """
    host, path = request.headers.get("host", ""), quote(request.path)
    return path if host[:1] in ("", ":") else f"{request.scheme}://{host}{path}"


def _size_said(request: S3Request) -> int | None:
    """The size that an object is to have, if the request says one."""
    said = request.headers.get(_OBJECT_SIZE)
    if said is None:
        return None
    if not (said.isascii() and said.isdigit()):
        raise InvalidRequest(f"Value for {_OBJECT_SIZE} header is invalid.")
    return number_of(said)


def _expired(upload: Upload) -> InvalidPart:
    return InvalidPart(
        "A part has expired: no gateway that serves uploads was running for more than half an hour."
        " Send all parts again, in a new upload.",
        UploadId=upload.id,
    )
