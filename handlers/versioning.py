"""GetBucketVersioning and PutBucketVersioning: every write is a commit, in every bucket."""

from __future__ import annotations

from handlers.bucket_branches import existing_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.request_body import read_document
from s3_wire import xml
from s3_wire.errors import MalformedXML, NotImplemented

_MAX_ENTRIES = 10
_ENABLED = "Enabled"


async def get_bucket_versioning(request: S3Request) -> S3Response:
    """GetBucketVersioning.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html .
    """
    await existing_branch(request.services, request.bucket)
    return xml_response(xml.document("VersioningConfiguration", [xml.element("Status", _ENABLED)]))


async def put_bucket_versioning(request: S3Request) -> S3Response:
    """PutBucketVersioning: that versions stay enabled changes nothing, and all else is refused.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html .
    """
    await existing_branch(request.services, request.bucket)
    document = await read_document(request, "VersioningConfiguration", _MAX_ENTRIES)
    if any(child.name not in ("Status", "MfaDelete") for child in document):
        raise MalformedXML
    status = document.child_text("Status")
    if status not in (_ENABLED, "Suspended"):
        raise MalformedXML
    if status != _ENABLED:
        raise NotImplemented("Versioning cannot be suspended: every write is a commit in PFS.")
    if document.child_text("MfaDelete") not in (None, "Disabled"):
        raise NotImplemented("Nothing here is protected by a second factor; leave MfaDelete out.")
    return S3Response(200)
