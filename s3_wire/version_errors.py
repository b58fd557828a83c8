"""S3's error codes where objects have versions. Raise these as those of `errors`."""

from __future__ import annotations

from s3_wire.errors import S3Error


class MethodNotAllowed(S3Error):
    """The bucket is a commit, to which nobody writes, or the version a delete marker, unread."""

    status = 405
    message = "The specified method is not allowed against this resource."
    messages_vary = True


class NoSuchVersion(S3Error):
    """The branch's history has no such commit, or no such file in it."""

    status = 404
    message = "The specified version does not exist."
