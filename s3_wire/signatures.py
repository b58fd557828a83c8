"""Which signature a request carries. There is exactly one, or the request is refused.

Nothing of a request is to be looked up before `verify` of what is found here has returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from s3_wire import signature_v2, signature_v4
from s3_wire.canonical import Pairs, SignedRequest
from s3_wire.errors import AccessDenied, InvalidArgument
from s3_wire.signature_errors import AuthorizationQueryParametersError
from s3_wire.signature_v2 import V2Signature
from s3_wire.signature_v4 import V4Signature

Signature: TypeAlias = V4Signature | V2Signature

_OF_V4 = frozenset(("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"))
_OF_V2 = frozenset(("AWSAccessKeyId", "Signature"))
_ONCE = frozenset(
    (*_OF_V4, *_OF_V2, "Expires", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
     "X-Amz-Content-Sha256")
)  # fmt: skip


def signature_of(request: SignedRequest, now: datetime, region: str = "") -> Signature:
    """The signature of a request, its form and its time looked at.

    Args:
        request: The request as it was received.
        now: What time it is, in UTC.
        region: The only one that may be signed for; any if empty.

    Raises:
        AccessDenied: There is none, it has expired, or it does not cover what it has to.
        InvalidArgument: It is none that S3 knows, or there are several.
        NotImplemented: S3 knows it, and this server does not.
        AuthorizationHeaderMalformed, AuthorizationQueryParametersError, MissingSecurityHeader: It
            lacks something, or has it wrong.
        RequestTimeTooSkewed: It was made too long ago, or in the future.
    """
    values = request.header_values()
    given = values.get(b"authorization")
    query = _query(request)
    found = (given is not None) + (not _OF_V4.isdisjoint(query)) + (not _OF_V2.isdisjoint(query))
    if found > 1 or _comes_twice(request, values):
        raise InvalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature"
            " query string parameter or the Authorization header should be specified",
            ArgumentName="Authorization",
        )
    if not found:
        raise AccessDenied("This gateway answers signed requests only: give your client its keys.")
    if given is not None:
        return _in_header(request, values, given.decode("latin-1"), now, region)
    if not _OF_V4.isdisjoint(query):
        return signature_v4.in_query(request, values, query, now, region)
    return signature_v2.in_query(request, values, query, now)


def _comes_twice(request: SignedRequest, values: Mapping[bytes, bytes]) -> bool:
    """Whether there is more than one Authorization header."""
    if len(values) == len(request.headers):
        return False
    return [name for name, _ in request.headers].count(b"authorization") > 1


def _in_header(
    request: SignedRequest,
    values: Mapping[bytes, bytes],
    text: str,
    now: datetime,
    region: str,
) -> Signature:
    scheme, _, rest = text.strip().partition(" ")
    if scheme == "AWS":
        return signature_v2.in_header(request, values, rest, now)
    if scheme == signature_v4.ALGORITHM:
        return signature_v4.in_header(request, values, rest, now, region)
    if scheme.startswith(signature_v4.ECDSA):
        signature_v4.check_algorithm(scheme)
    raise InvalidArgument("Unsupported Authorization Type", ArgumentName="Authorization")


def _query(request: SignedRequest) -> Mapping[str, str]:
    """Query parameters. What belongs to a signature may come only once.

    Raises:
        AuthorizationQueryParametersError: It comes twice, and could be read in two ways.
    """
    if not request.query_string:
        return {}
    pairs = request.query_pairs()
    query = dict(reversed(pairs))  # the first of each name
    if len(query) < len(pairs):
        _check_once(pairs)
    return query


def _check_once(pairs: Pairs) -> None:
    names = [name for name, _ in pairs]
    for name in _ONCE:
        if names.count(name) > 1:
            raise AuthorizationQueryParametersError(f"{name} is there more than once")
