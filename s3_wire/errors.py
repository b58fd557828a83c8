"""S3's error codes. Raise these; `gateway.errors` alone renders them.

A class's name is the code that goes on the wire. Codes, statuses and wording follow
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; the few that are PFS's own say
so.
"""

from __future__ import annotations

from typing import ClassVar


class S3Error(Exception):
    """A failure that a client is told about.

    Args:
        message: What went wrong and what to do about it; the class has a default.
        retry_after_seconds: Sent as `Retry-After`.
        **details: Further elements of the error document (`BucketName="b"` becomes
            `<BucketName>b</BucketName>`); `_` stands for a hyphen.
    """

    status: ClassVar[int]
    message: str

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_seconds: int | None = None,
        **details: str,
    ) -> None:
        self.message = message if message is not None else type(self).message
        self.retry_after_seconds = retry_after_seconds
        self.details = details
        super().__init__(self.message)

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


class BucketAlreadyOwnedByYou(S3Error):
    """The branch exists."""

    status = 409
    message = "The bucket that you tried to create already exists, and you own it."


class BucketNotEmpty(S3Error):
    """The branch holds files."""

    status = 409
    message = "The bucket that you tried to delete is not empty."


class EntityTooLarge(S3Error):
    """The body is larger than one PUT may be."""

    status = 400
    message = "Your proposed upload exceeds the maximum allowed object size."


class IncompleteBody(S3Error):
    """The body ended before its declared length."""

    status = 400
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"


class InternalError(S3Error):
    """Anything unforeseen. The details are in the log, under the request id."""

    status = 500
    message = "We encountered an internal error. The server's log has more under this request id."


class InvalidArgument(S3Error):
    """A parameter or header has a value that it cannot have."""

    status = 400
    message = "Invalid Argument"


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


class InvalidRange(S3Error):
    """No byte of the object is in the requested range."""

    status = 416
    message = "The requested range is not satisfiable"


class InvalidRequest(S3Error):
    """The request is not one that S3 understands."""

    status = 400
    message = "Invalid Request"


class InvalidURI(S3Error):
    """The request target cannot be read as bucket and key."""

    status = 400
    message = "Couldn't parse the specified URI."


class KeyTooLongError(S3Error):
    """A key longer than S3 allows."""

    status = 400
    message = "Your key is too long: S3 allows 1024 bytes of UTF-8."


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
        "The XML you provided was not well-formed or did not validate against our published schema."
    )


class MaxMessageLengthExceeded(S3Error):
    """A request document larger than any valid one."""

    status = 400
    message = "Your request was too large."


class MissingContentLength(S3Error):
    """A body whose length is not known where S3 wants it known."""

    status = 411
    message = "You must provide the Content-Length HTTP header."


class NoSuchBucket(S3Error):
    """There is no such branch."""

    status = 404
    message = "The specified bucket does not exist."


class NoSuchKey(S3Error):
    """There is no such file at the branch's HEAD."""

    status = 404
    message = "The specified key does not exist."


class NotImplemented(S3Error):
    """The contract does not declare what was asked for."""

    status = 501
    message = "A header or operation you provided implies functionality that is not implemented."


class OperationAborted(S3Error):
    """Something else holds what the operation would change."""

    status = 409
    message = "A conflicting conditional operation is currently in progress against this resource."


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
    message = "Your socket connection to the server was not read from or written to in time."


class ServiceUnavailable(S3Error):
    """PFS cannot be reached, or cannot store anything, now; or the gateway is ending."""

    status = 503
    message = "PFS is not available at the moment. Please try again."


class SlowDown(S3Error):
    """More is asked of PFS than it can take."""

    status = 503
    message = "Please reduce your request rate."


class WriteToOutputBranch(S3Error):
    """The branch is written by a pipeline.

    The code and the status are the original Pachyderm gateway's.
    """

    status = 500
    message = "You cannot write to an output branch: a pipeline writes it from its input branches."


class XAmzContentSHA256Mismatch(S3Error):
    """The body's SHA-256 is not the one in x-amz-content-sha256."""

    status = 400
    message = "The provided 'x-amz-content-sha256' header does not match what was computed."
