"""S3's error codes. Raise these; `gateway.errors` alone renders them.

A class's name is the code that goes on the wire. Codes, statuses and messages are Amazon's, to the
letter, as clients compare them: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
and what S3 answers. What there is to add goes into an element of its own, `Reason`. The few codes
that are PFS's own say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class S3Error(Exception):
    """A failure that a client is told about.

    Args:
        said: What went wrong and what to do about it. It is the message where S3 itself has
            several for a code, or none; otherwise it is told as the `Reason`.
        retry_after_seconds: Sent as `Retry-After`.
        headers: Further headers of the answer.
        **details: Further elements of the error document (`BucketName="b"` becomes
            `<BucketName>b</BucketName>`); `_` stands for a hyphen.
    """

    status: ClassVar[int]
    message: str
    messages_vary: ClassVar[bool] = False
    """Whether S3 has other messages of this code than `message`, or the code is ours."""

    def __init__(
        self,
        said: str | None = None,
        *,
        retry_after_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
        **details: str,
    ) -> None:
        self.message = said if said and self.messages_vary else type(self).message
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers or {}
        self.details = (
            details if said is None or self.messages_vary else {"Reason": said, **details}
        )
        super().__init__(said or self.message)

    @property
    def code(self) -> str:
        """The S3 error code."""
        return type(self).__name__


class AccessDenied(S3Error):
    """PFS, or the guard against web pages of other origins, does not let this request through."""

    status = 403
    message = "Access Denied"


class BadDigest(S3Error):
    """The body does not have the digest that came with it."""

    status = 400
    message = "The Content-MD5 you specified did not match what we received."
    messages_vary = True


class BucketAlreadyOwnedByYou(S3Error):
    """The branch exists."""

    status = 409
    message = "Your previous request to create the named bucket succeeded and you already own it."


class BucketNotEmpty(S3Error):
    """The branch holds files."""

    status = 409
    message = "The bucket you tried to delete is not empty"


class EntityTooLarge(S3Error):
    """The body is larger than one PUT may be."""

    status = 400
    message = "Your proposed upload exceeds the maximum allowed size"


class IncompleteBody(S3Error):
    """The body ended before its declared length."""

    status = 400
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    messages_vary = True


class InternalError(S3Error):
    """Anything unforeseen. The details are in the log, under the request id."""

    status = 500
    message = "We encountered an internal error. Please try again."


class InvalidArgument(S3Error):
    """A parameter or header has a value that it cannot have."""

    status = 400
    message = "Invalid Argument"
    messages_vary = True


class InvalidBucketName(S3Error):
    """PFS has no branch, repo or project of such a name."""

    status = 400
    message = "The specified bucket is not valid."


class InvalidDigest(S3Error):
    """A digest header is no base64 of the right length."""

    status = 400
    message = "The Content-MD5 you specified was invalid."


class InvalidFilePath(S3Error):
    """PFS cannot hold this key. The code is the original Pachyderm gateway's."""

    status = 400
    message = "PFS cannot hold a file of this name."
    messages_vary = True


class InvalidPartNumber(S3Error):
    """The object has not so many parts."""

    status = 416
    message = "The requested partnumber is not satisfiable"


class InvalidRange(S3Error):
    """No byte of the object is in the requested range."""

    status = 416
    message = "The requested range is not satisfiable"


class InvalidRequest(S3Error):
    """The request is not one that S3 understands."""

    status = 400
    message = "Invalid Request"
    messages_vary = True


class InvalidURI(S3Error):
    """The request target cannot be read as bucket and key."""

    status = 400
    message = "Couldn't parse the specified URI."


class KeyTooLongError(S3Error):
    """A key longer than S3 allows."""

    status = 400
    message = "Your key is too long"


class MalformedTrailerError(S3Error):
    """The trailer of an aws-chunked body is not what `x-amz-trailer` announced."""

    status = 400
    message = (
        "The request contained trailing data that was not well-formed or did not conform to "
        "our published schema."
    )


class MalformedXML(S3Error):
    """The request's document is not the XML that the operation takes."""

    status = 400
    message = (
        "The XML you provided was not well-formed or did not validate against our published schema"
    )


class MaxMessageLengthExceeded(S3Error):
    """A request document larger than any valid one."""

    status = 400
    message = "Your request was too big."


class MissingContentLength(S3Error):
    """A body whose length is not known where S3 wants it known."""

    status = 411
    message = "You must provide the Content-Length HTTP header."


class NoSuchBucket(S3Error):
    """There is no such branch."""

    status = 404
    message = "The specified bucket does not exist"


class NoSuchKey(S3Error):
    """There is no such file at the branch's HEAD."""

    status = 404
    message = "The specified key does not exist."


class NotImplemented(S3Error):
    """The contract does not declare what was asked for."""

    status = 501
    message = "A header you provided implies functionality that is not implemented"
    messages_vary = True


class OperationAborted(S3Error):
    """Something else holds what the operation would change."""

    status = 409
    message = (
        "A conflicting conditional operation is currently in progress against this resource. "
        "Please try again."
    )


class PreconditionFailed(S3Error):
    """An If-… header does not hold."""

    status = 412
    message = "At least one of the pre-conditions you specified did not hold"


class RequestHeaderSectionTooLarge(S3Error):
    """The request's head is larger than the server reads."""

    status = 400
    message = "Your request header section exceeds the maximum allowed size."


class RequestTimeout(S3Error):
    """The client stopped sending its request."""

    status = 400
    message = (
        "Your socket connection to the server was not read from or written to within the "
        "timeout period. Idle connections will be closed."
    )


class ServiceUnavailable(S3Error):
    """PFS cannot be reached, or cannot store anything, now; or the gateway is ending."""

    status = 503
    message = "Service is unable to handle request."


class SlowDown(S3Error):
    """More is asked of PFS than it can take."""

    status = 503
    message = "Please reduce your request rate."


class WriteToOutputBranch(S3Error):
    """The branch is written by a pipeline.

    The code is the original Pachyderm gateway's, which answers it with 400.
    """

    status = 500
    message = "You cannot write to an output branch: a pipeline writes it from its input branches."
    messages_vary = True


class XAmzContentSHA256Mismatch(S3Error):
    """The body's SHA-256 is not the one in x-amz-content-sha256."""

    status = 400
    message = "The provided 'x-amz-content-sha256' header does not match what was computed."
