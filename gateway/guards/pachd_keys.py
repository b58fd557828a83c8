"""Pachyderm tokens as access keys: the token is both access key and secret.

So a token must be in nothing that anybody reads: logs, errors and pages name its user, or, as long
as that is not known, a part of its hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import quote

from gateway.guards.key_file import Key
from gateway.identity import Identity
from handlers.access import EVERYTHING
from s3_wire.errors import S3Error
from s3_wire.signature_errors import InvalidAccessKeyId

_TOKEN = re.compile(r"[\x21-\x7e]{8,512}", re.ASCII)
_SPELLED = "Bytes"
"""How details end that spell out, byte by byte, what another one says."""


class PachdKeys:
    """Whatever may be a token is a key, until pachd is asked."""

    def find(self, access_key: str) -> Key:
        """The key that a token is.

        Raises:
            InvalidAccessKeyId: No token is like this.
        """
        if not _TOKEN.fullmatch(access_key):
            raise InvalidAccessKeyId(AWSAccessKeyId=access_key)
        return Key(access_key, Identity(shown(access_key), access_key), EVERYTHING)


def shown(token: str) -> str:
    """What a token is called before its user is known."""
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    return f"token-{digest[:8]}"


def without_token(error: S3Error, token: str) -> S3Error:
    """An error whose details name no token."""
    error.details = _masked(error.details, token)
    return error


def _masked(details: Mapping[str, str], token: str) -> dict[str, str]:
    masked = {}
    for name, value in details.items():
        if not name.endswith(_SPELLED):
            for form in {token, quote(token, safe="")}:
                value = value.replace(form, shown(token))
            masked[name] = value
    return masked
