"""Continuation tokens: opaque to clients, to us the name behind which the next page begins.

A token is bound to no commit: a listing that goes on sees the branch as it is then, as S3's does.
"""

from __future__ import annotations

import base64
import binascii

from s3_wire.errors import InvalidArgument

_VERSION = b"1"


def token_for(last_name: str) -> str:
    """The token of a page that ends with this name."""
    return base64.urlsafe_b64encode(_VERSION + last_name.encode()).decode("ascii")


def after_token(token: str) -> str:
    """The name behind which a token's page begins.

    Raises:
        InvalidArgument: It is no token of ours.
    """
    try:
        decoded = base64.b64decode(token, altchars=b"-_", validate=True)
        if decoded.startswith(_VERSION):
            return decoded.removeprefix(_VERSION).decode()
    except (binascii.Error, ValueError):
        pass
    raise InvalidArgument(
        "The continuation token provided is incorrect",
        ArgumentName="continuation-token",
        ArgumentValue=token,
    )
