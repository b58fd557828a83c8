"""AWS Signature Version 2, in the Authorization header and in presigned URLs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html . Older than version 4
and weaker: it covers neither the body nor most of the query. Some clients know no other, and boto3
still makes its presigned URLs so.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from s3_wire.canonical import SignedRequest, single_spaced
from s3_wire.errors import AccessDenied, InvalidArgument
from s3_wire.signature_errors import AuthorizationQueryParametersError, SignatureDoesNotMatch
from s3_wire.signing_times import MAX_EXPIRES_SECONDS, check_lifetime, checked_time

_SIGNED_PARAMETERS = frozenset((
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "encryption",
    "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "location", "logging",
    "metrics", "notification", "object-lock", "ownershipControls", "partNumber", "policy",
    "policyStatus", "publicAccessBlock", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires", "restore",
    "retention", "select", "select-type", "storageClass", "tagging", "torrent", "uploadId",
    "uploads", "versionId", "versioning", "versions", "website",
))  # fmt: skip
_IN_QUERY = ("AWSAccessKeyId", "Signature", "Expires")


@dataclass(frozen=True, slots=True)
class V2Signature:
    """One signature whose form and time are right. Whether it is right, `verify` says.

    `expires` stands in a presigned URL, where a time stands in a header.
    """

    request: SignedRequest
    header_values: Mapping[bytes, bytes] = field(repr=False)
    access_key: str
    given: str
    expires: str = ""

    @property
    def is_presigned(self) -> bool:
        """Whether it stands in the query."""
        return bool(self.expires)

    def verify(self, secret: str) -> None:
        """Compare it.

        Raises:
            SignatureDoesNotMatch: It was made over something else, or with another secret.
        """
        for path in self._paths():
            to_sign = self._string_to_sign(path)
            digest = hmac.digest(secret.encode(), to_sign.encode("latin-1"), "sha1")
            if hmac.compare_digest(self.given.encode(), base64.b64encode(digest)):
                return
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=self.access_key,
            StringToSign=to_sign,
            SignatureProvided=self.given,
            StringToSignBytes=to_sign.encode("latin-1").hex(" "),
        )

    def _paths(self) -> list[str]:
        """The path; a bucket's also with the slash that boto3 signs and does not send."""
        path = (self.request.bucket_path or self.request.raw_path).decode("latin-1")
        return [path] if "/" in path[1:] or path == "/" else [path + "/", path]

    def _string_to_sign(self, path: str) -> str:
        values = self.header_values
        date = b"" if b"x-amz-date" in values else values.get(b"date", b"")
        lines = [
            self.request.method,
            values.get(b"content-md5", b"").decode("latin-1"),
            values.get(b"content-type", b"").decode("latin-1"),
            self.expires or date.decode("latin-1"),
        ]
        names = sorted(name for name in values if name.startswith(b"x-amz-"))
        amz = [b"%s:%s" % (name, single_spaced(values[name])) for name in names]
        lines += [line.decode("latin-1") for line in amz]
        return "\n".join([*lines, self._resource(path)])

    def _resource(self, path: str) -> str:
        """Path and parameters. A value is signed as UTF-8, whose bytes are letters here."""
        pairs = sorted(
            f"{name}={value.encode().decode('latin-1')}" if value else name
            for name, value in self.request.query_pairs()
            if name in _SIGNED_PARAMETERS
        )
        return "?".join(filter(None, (path, "&".join(pairs))))


def in_header(
    request: SignedRequest, values: Mapping[bytes, bytes], authorization: str, now: datetime
) -> V2Signature:
    """The signature that an Authorization header holds behind `AWS`.

    Args:
        request: The request.
        values: Of its headers.
        authorization: The header, behind `AWS`.
        now: What time it is.

    Raises:
        InvalidArgument: It is none.
        AccessDenied: The request has no time.
        RequestTimeTooSkewed: It was made too long ago, or in the future.
    """
    access_key, colon, given = authorization.strip().rpartition(":")
    if not colon or not access_key or not given:
        raise InvalidArgument(
            "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
            ArgumentName="Authorization",
        )
    checked_time(values.get(b"x-amz-date", values.get(b"date", b"")).decode("latin-1"), now)
    return V2Signature(request, values, access_key, given)


def in_query(
    request: SignedRequest, values: Mapping[bytes, bytes], query: Mapping[str, str], now: datetime
) -> V2Signature:
    """The signature that a presigned URL holds.

    Args:
        request: The request.
        values: Of its headers.
        query: Its query parameters.
        now: What time it is.

    Raises:
        AccessDenied: It is not whole, or has expired.
        AuthorizationQueryParametersError: It would live longer than it may.
    """
    if any(not query.get(name) for name in _IN_QUERY):
        raise AccessDenied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId"
            " parameters"
        )
    text = query["Expires"]
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise AccessDenied(f"Invalid date (should be seconds since epoch): {text}")
    end = datetime.fromtimestamp(int(text), UTC)
    check_lifetime(now, end - now, now)
    if end - now > timedelta(seconds=MAX_EXPIRES_SECONDS):
        raise AuthorizationQueryParametersError("Expires must be within a week from now")
    return V2Signature(request, values, query["AWSAccessKeyId"], query["Signature"], text)
