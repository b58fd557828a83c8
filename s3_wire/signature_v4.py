"""AWS Signature Version 4, in the Authorization header and in presigned URLs.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
`sigv4-query-string-auth.html` beside it. First the form and the time are looked at, which needs no
secret; `verify` then takes the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from s3_wire import canonical
from s3_wire.canonical import SignedRequest
from s3_wire.chunk_signatures import ChunkSignatures
from s3_wire.credential import Credential, Refusal, credential_of, signing_key
from s3_wire.errors import AccessDenied, NotImplemented, S3Error
from s3_wire.signature_errors import (
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    MissingSecurityHeader,
    SignatureDoesNotMatch,
)
from s3_wire.signing_times import basic_iso, check_lifetime, checked_time, expires_seconds_of
from s3_wire.signing_times import time_of as _time_of

ALGORITHM = "AWS4-HMAC-SHA256"
ECDSA = "AWS4-ECDSA-P256-SHA256"

_CONTENT_SHA256 = b"x-amz-content-sha256"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_STREAMING = "STREAMING-"
_IN_HEADER = ("Credential", "SignedHeaders", "Signature")
_USUAL = re.compile(r"Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*")
_USUAL_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_IN_QUERY = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)


@dataclass(frozen=True, slots=True)
class V4Signature:
    """One signature whose form and time are right. Whether it is right, `verify` says."""

    request: SignedRequest
    credential: Credential
    timestamp: str
    signed_headers: str
    given: str
    payload_sha256: str
    is_presigned: bool
    header_values: Mapping[bytes, bytes] = field(repr=False)

    @property
    def access_key(self) -> str:
        """Who says that it is theirs."""
        return self.credential.access_key

    def verify(self, secret: str) -> ChunkSignatures | None:
        """Compare it, and give what verifies the chunks of a body that is signed in chunks.

        Raises:
            SignatureDoesNotMatch: It was made over something else, or with another secret.
        """
        credential = self.credential
        key = signing_key(secret, credential.date, credential.region)
        for path in canonical.paths(self.request.raw_path):
            canonical_request = self._canonical_request(path)
            to_sign = self._string_to_sign(canonical_request)
            right = key.signature(to_sign.encode("latin-1"))
            if hmac.compare_digest(self.given.encode(), right.encode()):
                if not self.payload_sha256.startswith(_STREAMING):
                    return None
                return ChunkSignatures(key, self.timestamp, credential.scope, right)
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=self.access_key,
            StringToSign=to_sign,
            SignatureProvided=self.given,
            StringToSignBytes=_spelled(to_sign),
            CanonicalRequest=canonical_request,
            CanonicalRequestBytes=_spelled(canonical_request),
        )

    def _canonical_request(self, path: str) -> str:
        query = canonical.query(
            self.request.query_string, without="X-Amz-Signature" if self.is_presigned else ""
        )
        headers = canonical.header_lines(self.header_values, _names(self.signed_headers))
        return (
            f"{self.request.method}\n{path}\n{query}\n{headers}\n"
            f"{self.signed_headers}\n{self.payload_sha256}"
        )

    def _string_to_sign(self, canonical_request: str) -> str:
        digest = hashlib.sha256(canonical_request.encode("latin-1")).hexdigest()
        return f"{ALGORITHM}\n{self.timestamp}\n{self.credential.scope}\n{digest}"


def in_header(
    request: SignedRequest,
    values: Mapping[bytes, bytes],
    authorization: str,
    now: datetime,
    region: str,
) -> V4Signature:
    """The signature that an Authorization header holds.

    Args:
        request: The request.
        values: Of its headers.
        authorization: The header, behind the algorithm's name.
        now: What time it is.
        region: The only one that may be signed for; any if empty.

    Raises:
        AuthorizationHeaderMalformed, MissingSecurityHeader: It is no such signature.
        AccessDenied: It has no time, or does not cover what it has to.
        RequestTimeTooSkewed: It was made too long ago, or in the future.
    """
    credential_text, signed_headers, given = _fields(authorization)
    credential = credential_of(credential_text, region, _malformed)
    text = values.get(b"x-amz-date", values.get(b"date", b"")).decode("latin-1")
    timestamp = basic_iso(checked_time(text, now))
    _check_date(credential, timestamp, _malformed)
    payload = values.get(_CONTENT_SHA256)
    if payload is None:
        raise MissingSecurityHeader(MissingHeaderName=_CONTENT_SHA256.decode())
    signed = signed_headers.lower()
    _check_covered(values, signed)
    return V4Signature(
        request, credential, timestamp, signed, given,
        _payload_mode(payload.decode("latin-1")), is_presigned=False, header_values=values,
    )  # fmt: skip


def _fields(authorization: str) -> tuple[str, ...]:
    """The values of `_IN_HEADER`, in whatever order they stand."""
    before, _, given = authorization.rpartition("Signature=")
    if (usual := _usual(before)) and _USUAL_SIGNATURE.fullmatch(given):
        return (*usual, given)
    parts = (part.partition("=") for part in authorization.split(","))
    fields = {name.strip(): value.strip() for name, _, value in parts}
    for name in _IN_HEADER:
        if not fields.get(name):
            raise _malformed(f"the {name} is missing or empty")
    return tuple(fields[name] for name in _IN_HEADER)


@lru_cache(maxsize=1024)
def _usual(text: str) -> tuple[str, ...]:
    """What stands before a signature, in the form that most write it; a client's is the same."""
    match = _USUAL.fullmatch(text)
    return match.groups() if match else ()


def in_query(
    request: SignedRequest,
    values: Mapping[bytes, bytes],
    query: Mapping[str, str],
    now: datetime,
    region: str,
) -> V4Signature:
    """The signature that a presigned URL holds.

    Args:
        request: The request.
        values: Of its headers.
        query: Its query parameters.
        now: What time it is.
        region: The only one that may be signed for; any if empty.

    Raises:
        AuthorizationQueryParametersError: It is no such signature.
        AccessDenied: It has expired, or does not cover what it has to.
    """
    if not all(map(query.get, _IN_QUERY)):
        raise _wrong_query(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential,"
            " X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    check_algorithm(query["X-Amz-Algorithm"])
    _check_ascii(query)
    credential = credential_of(query["X-Amz-Credential"], region, _wrong_query)
    timestamp = query["X-Amz-Date"]
    begin = _time_of(timestamp)
    if begin is None or timestamp != basic_iso(begin):
        raise _wrong_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    lifetime = timedelta(seconds=expires_seconds_of(query["X-Amz-Expires"]))
    check_lifetime(begin, lifetime, now)
    _check_date(credential, timestamp, _wrong_query)
    signed = query["X-Amz-SignedHeaders"].lower()
    _check_covered(values, signed)
    return V4Signature(
        request, credential, timestamp, signed, query["X-Amz-Signature"],
        _presigned_payload(query, values), is_presigned=True, header_values=values,
    )  # fmt: skip


def _check_ascii(query: Mapping[str, str]) -> None:
    """See that what is signed of these parameters can stand in a string to sign.

    Raises:
        AuthorizationQueryParametersError: It holds letters that no header, key or digest has.
    """
    names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Content-Sha256")
    if not "".join([query.get(name, "") for name in names]).isascii():
        raise _wrong_query(f"{', '.join(names)}: they must be ASCII")


def check_algorithm(name: str) -> None:
    """See that it is the one that is understood here.

    Raises:
        NotImplemented: It is the other one that S3 has.
        AuthorizationQueryParametersError: There is no such algorithm.
    """
    if name.startswith(ECDSA):
        raise NotImplemented(
            f"{NotImplemented.message}: Signature Version 4A ({ECDSA}). Sign with {ALGORITHM}."
        )
    if name != ALGORITHM:
        raise _wrong_query(f'X-Amz-Algorithm only supports "{ALGORITHM}"')


def _check_date(credential: Credential, timestamp: str, refusal: Refusal) -> None:
    day = timestamp[:8]
    if credential.date != day:
        raise refusal(
            f'Invalid credential date "{credential.date}". This date is not the same as'
            f' X-Amz-Date: "{day}"'
        )


def _check_covered(values: Mapping[bytes, bytes], signed_headers: str) -> None:
    if names := canonical.unsigned_names(values, _set_of_names(signed_headers)):
        raise AccessDenied(
            "There were headers present in the request which were not signed",
            HeadersNotSigned=b", ".join(names).decode("latin-1"),
        )


@lru_cache(maxsize=1024)
def _set_of_names(signed_headers: str) -> frozenset[bytes]:
    return frozenset(_names(signed_headers))


@lru_cache(maxsize=1024)
def _names(signed_headers: str) -> tuple[bytes, ...]:
    """The names of the signed headers: a client's are mostly the same."""
    return tuple(signed_headers.encode("latin-1").split(b";"))


def _presigned_payload(query: Mapping[str, str], values: Mapping[bytes, bytes]) -> str:
    """What a presigned URL says of the body that will come: mostly nothing."""
    in_query = query.get("X-Amz-Content-Sha256")
    header = values.get(_CONTENT_SHA256)
    if header is not None and in_query not in (None, header.decode("latin-1")):
        raise _wrong_query(f"X-Amz-Content-Sha256 and the header {_CONTENT_SHA256.decode()} differ")
    if header is not None:
        return _payload_mode(header.decode("latin-1"))
    return _payload_mode(in_query or _UNSIGNED)


def _payload_mode(value: str) -> str:
    if value.startswith(f"{_STREAMING}{ECDSA}"):
        check_algorithm(ECDSA)
    return value


def _spelled(text: str) -> str:
    return text.encode("latin-1").hex(" ")


def _malformed(why: str, **details: Any) -> S3Error:
    return AuthorizationHeaderMalformed(f"The authorization header is malformed; {why}.", **details)


def _wrong_query(why: str, **details: Any) -> S3Error:
    return AuthorizationQueryParametersError(why, **details)
