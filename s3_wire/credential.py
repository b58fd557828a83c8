"""Whose a signature of version 4 is, for which day and region, and the key that makes it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from s3_wire.errors import S3Error

Refusal: TypeAlias = Callable[..., S3Error]

_SERVICE = "s3"
_TERMINATOR = "aws4_request"
_DATE = re.compile(r"\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """Whose signature it is, and for what."""

    access_key: str
    date: str
    region: str
    scope: str
    """All but the access key, as it is signed."""


@lru_cache(maxsize=1024)
def credential_of(text: str, region: str, refusal: Refusal) -> Credential:
    """What a signature says of whose it is, and for what.

    Args:
        text: As it stands in the request.
        region: The only one that may be signed for; any if empty.
        refusal: Makes the error, by where it stands.

    Raises:
        S3Error: It is no such thing, or for another service or region.
    """
    access_key, *scope = text.rsplit("/", 4)
    if len(scope) != 4 or not access_key or not _DATE.fullmatch(scope[0]):
        raise refusal(
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/'
            'aws4_request"'
        )
    date, signed_region, service, terminator = scope
    if service != _SERVICE:
        raise refusal(f'incorrect service "{service}". This endpoint belongs to "{_SERVICE}"')
    if terminator != _TERMINATOR:
        raise refusal(f'incorrect terminal "{terminator}". This endpoint uses "{_TERMINATOR}"')
    if region and signed_region != region:
        raise refusal(f"the region '{signed_region}' is wrong; expecting '{region}'", Region=region)
    return Credential(access_key, date, signed_region, "/".join(scope))


class SigningKey:
    """HMAC-SHA256 with one key.

    It is begun once and copied. `hmac.digest` begins anew each time, and sets up OpenSSL for it:
    more than the digest itself, where other work is done in between.
    """

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def signature(self, text: bytes) -> str:
        """What signs a text, in hex."""
        digest = self._begun.copy()
        digest.update(text)
        return digest.hexdigest()


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str) -> SigningKey:
    """The same all day: four of the five digests that a signature takes."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, _SERVICE, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return SigningKey(key)
