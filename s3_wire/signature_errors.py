"""S3's error codes of signatures, beside those in `errors`: they need keys (`--access-keys`)."""

from __future__ import annotations

from s3_wire.errors import S3Error


class AuthorizationHeaderMalformed(S3Error):
    """The Authorization header is no signature of version 4, or for another region or service."""

    status = 400
    message = "The authorization header that you provided is not valid."
    messages_vary = True


class AuthorizationQueryParametersError(S3Error):
    """The signature in a presigned URL lacks something, or has it wrong."""

    status = 400
    message = "The authorization query parameters that you provided are not valid."
    messages_vary = True


class ExpiredToken(S3Error):
    """The key has expired."""

    status = 400
    message = "The provided token has expired."


class InvalidAccessKeyId(S3Error):
    """Nobody has this access key."""

    status = 403
    message = "The AWS Access Key Id you provided does not exist in our records."


class MissingSecurityHeader(S3Error):
    """A header is missing that a signature needs."""

    status = 400
    message = "Your request is missing a required header."


class RequestTimeTooSkewed(S3Error):
    """The client's clock and the gateway's differ too much, or the request is an old one."""

    status = 403
    message = "The difference between the request time and the current time is too large."


class SignatureDoesNotMatch(S3Error):
    """The signature is another than the one that the secret gives."""

    status = 403
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )
