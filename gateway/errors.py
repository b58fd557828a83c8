"""Failures on their way out: PFS's errors become S3's, and S3's become XML. The only renderer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import quote

from gateway import request_context
from gateway.asgi import App, Receive, Scope, Send
from gateway.request_context import CUT_SHORT
from pfs_client import failures as pfs
from s3_wire import errors as s3
from s3_wire import upload_errors, xml

log = logging.getLogger("s3gateway")

RETRY_AFTER_SECONDS = 2


def _unforeseen(error: Exception) -> s3.S3Error:
    return s3.InternalError("The server's log has more under this request id.")


def _away(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.ServiceUnavailable(
        "PFS is not available at the moment.", retry_after_seconds=RETRY_AFTER_SECONDS
    )


def _full(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.ServiceUnavailable(
        "PFS has no room to store more. Nothing of this request was stored. Objects can still be"
        " read and deleted. The operator of the gateway has to make room.",
        retry_after_seconds=60,
    )


def _lost(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.InternalError(
        "What PFS has stored of this is lost or damaged. Storing the same again repairs it. The"
        " server's log has more under this request id."
    )


def _changing(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.ServiceUnavailable(
        "PFS is not done yet with what this request needs. Please try again.",
        retry_after_seconds=1,
    )


def _unread(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.ServiceUnavailable(
        "When objects of this bucket changed is not known yet: its history is being read.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _failed_head(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.ServiceUnavailable(
        "The branch's newest commit has failed in PFS, which cannot list the branch until somebody"
        " has written to it again.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _without_users(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.ServiceUnavailable(
        "PFS has no authentication activated, so that it cannot say what you may do.",
        retry_after_seconds=60,
    )


def _collision(error: pfs.PfsFailure) -> s3.S3Error:
    if not isinstance(error, pfs.PathCollision):
        return s3.InvalidFilePath()
    what = "directory" if error.existing.endswith("/") else "file"
    return s3.InvalidFilePath(
        f"PFS cannot hold this key: no file can stand at {error.path} while there is the {what}"
        f" {error.existing}. A path below a file cannot exist.",
        Key=error.path.removeprefix("/"),
    )


def _aborted(error: pfs.PfsFailure) -> s3.S3Error:
    return s3.OperationAborted(f"PFS refused: {error}.")


def _message_of(kind: Callable[[str], s3.S3Error]) -> Callable[[pfs.PfsFailure], s3.S3Error]:
    return lambda error: kind(f"PFS refused: {error}.")


def _plain(kind: Callable[[], s3.S3Error]) -> Callable[[pfs.PfsFailure], s3.S3Error]:
    return lambda error: kind()


TABLE: dict[type[pfs.PfsFailure], Callable[[pfs.PfsFailure], s3.S3Error]] = {
    pfs.PfsFailure: _unforeseen,
    pfs.PfsUnavailable: _away,
    pfs.PfsTimeout: _away,
    pfs.PfsOverloaded: lambda error: s3.SlowDown(retry_after_seconds=RETRY_AFTER_SECONDS),
    pfs.StorageFull: _full,
    pfs.ContentLost: _lost,
    pfs.PfsAccessDenied: _plain(s3.AccessDenied),
    pfs.NotLoggedIn: _plain(s3.AccessDenied),
    pfs.AuthenticationOff: _without_users,
    pfs.ProjectNotFound: _plain(s3.NoSuchBucket),
    pfs.ProjectExists: _aborted,
    pfs.RepoNotFound: _plain(s3.NoSuchBucket),
    pfs.RepoExists: _plain(s3.BucketAlreadyOwnedByYou),
    pfs.RepoHasBranches: _aborted,
    pfs.BranchNotFound: _plain(s3.NoSuchBucket),
    pfs.BranchFeedsOthers: _aborted,
    pfs.HeadMoved: _aborted,
    pfs.OutputBranch: _plain(s3.WriteToOutputBranch),
    pfs.CommitNotFound: _plain(s3.NoSuchBucket),  # its branch went while the request was served
    pfs.CommitNotOpen: _changing,
    pfs.CommitNotFinished: _changing,
    pfs.HistoryUnread: _unread,
    pfs.CommitFailed: _failed_head,
    pfs.CommitHasChildren: _aborted,
    pfs.UploadNotFound: _plain(upload_errors.NoSuchUpload),
    pfs.FileNotFound: _plain(s3.NoSuchKey),
    pfs.NotAFile: _plain(s3.NoSuchKey),
    pfs.FileSetNotFound: _changing,
    pfs.InvalidName: _message_of(s3.InvalidBucketName),
    pfs.InvalidPath: _message_of(s3.InvalidFilePath),
    pfs.PathCollision: _collision,
    pfs.ConditionFailed: _plain(s3.PreconditionFailed),
}
"""Every kind of PFS error, and the S3 error that a client is told. A test keeps it whole."""


def error_for(error: Exception) -> s3.S3Error:
    """The S3 error for any failure; what is unforeseen is InternalError."""
    if isinstance(error, s3.S3Error):
        return error
    if isinstance(error, pfs.PfsFailure):
        return TABLE[type(error)](error)
    return _unforeseen(error)


def rendered(error: s3.S3Error, resource: str, request_id: str) -> tuple[dict[str, str], bytes]:
    """An error's answer: its headers, and S3's XML."""
    content = [
        xml.element("Code", error.code),
        xml.element("Message", error.message),
        *(xml.element(n.replace("_", "-"), value) for n, value in error.details.items()),
        xml.element("Resource", resource),
        xml.element("RequestId", request_id),
    ]
    body = xml.document("Error", content, namespace=False)
    headers = {
        "Content-Type": xml.CONTENT_TYPE,
        "x-amz-request-id": request_id,
        **error.headers,
    }
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    headers["Content-Length"] = str(len(body))
    return headers, body


class ErrorAnswers:
    """Answers with S3's XML for whatever is raised further in, unless the answer has begun.

    So it does for a request that is cancelled, because the gateway ends and has waited as long as
    it may; if it is cancelled because its client has gone, nobody waits for an answer.
    """

    def __init__(self, next_app: App) -> None:
        self._next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and render what is raised."""
        if scope["type"] != "http":
            await self._next_app(scope, receive, send)
            return
        try:
            await self._next_app(scope, receive, send)
        except asyncio.CancelledError:
            await _answer_cancelled(scope, send)
        except Exception as error:
            record = request_context.current().record
            if record.status:
                raise  # all that is left is to cut the connection
            answer = error_for(error)
            if answer.status >= 500 and not isinstance(error, s3.S3Error):
                _log(error, answer, record.request_id)
            await _send_error(answer, scope, send)


def late_error(error: Exception, scope: Scope) -> bytes:
    """The document of an error, for an answer that has begun."""
    record = request_context.current().record
    answer = error_for(error)
    record.code = answer.code
    if answer.status >= 500 and not isinstance(error, s3.S3Error):
        _log(error, answer, record.request_id)
    _, body = rendered(answer, _resource(scope), record.request_id)
    return body


async def _answer_cancelled(scope: Scope, send: Send) -> None:
    context = request_context.current()
    if context.client_gone:
        return
    if context.record.status:
        context.record.code = CUT_SHORT
        return
    error = s3.ServiceUnavailable("The gateway is ending.", retry_after_seconds=1)
    await _send_error(error, scope, send, ends_connection=True)


async def _send_error(
    error: s3.S3Error, scope: Scope, send: Send, *, ends_connection: bool = False
) -> None:
    record = request_context.current().record
    record.code = error.code
    given, body = rendered(error, _resource(scope), record.request_id)
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]
    if ends_connection:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _resource(scope: Scope) -> str:
    return quote(scope["raw_path"].decode("latin-1"), safe="/%-_.~!$&'()*+,;=:@")


def _log(error: Exception, answer: s3.S3Error, request_id: str) -> None:
    if isinstance(answer, s3.InternalError):
        log.error("%s failed", request_id, exc_info=error)
    else:
        log.warning("%s answered %s: %s", request_id, answer.code, error)
