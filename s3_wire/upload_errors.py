"""S3's error codes of uploads in parts. Raise these as those of `errors`."""

from __future__ import annotations

from s3_wire.errors import S3Error


class EntityTooSmall(S3Error):
    """A part that is not the last one is smaller than parts must be."""

    status = 400
    message = "Your proposed upload is smaller than the minimum allowed size"


class InvalidPart(S3Error):
    """A part that an upload is to be completed with is not there as it is named."""

    status = 400
    message = (
        "One or more of the specified parts could not be found.  The part may not have been"
        " uploaded, or the specified entity tag may not match the part's entity tag."
    )


class InvalidPartOrder(S3Error):
    """The list of parts is not in ascending order."""

    status = 400
    message = "The list of parts was not in ascending order. Parts must be ordered by part number."


class NoSuchUpload(S3Error):
    """There is no such upload of this key, or it has been completed or aborted."""

    status = 404
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may"
        " have been aborted or completed."
    )
