"""What settings go with `--pachd-keys`, and what follows from them."""

from __future__ import annotations

from typing import Any

from gateway.hosts import is_loopback
from gateway.setting_values import BadSetting


def acts_for_itself(settings: Any) -> bool:
    """Whether PFS lets the gateway itself work, besides those who bring a token."""
    return not settings.pachd_keys or bool(settings.pfs_token or settings.pfs_token_file)


def check_pachd_keys(settings: Any) -> None:
    """See that settings which have `pachd_keys` can be.

    Raises:
        BadSetting: They cannot; tokens would be of no use, or seen by others.
    """
    if settings.access_keys:
        raise BadSetting("--pachd-keys: requests are signed with these or with --access-keys")
    if settings.pfs.startswith("embedded:"):
        raise BadSetting("--pachd-keys: the embedded PFS has no users; use --access-keys")
    if settings.sole_writer:
        raise BadSetting("--sole-writer: the users of --pachd-keys are several writers")
    if not (settings.tls_cert or settings.plain_tokens or is_loopback(settings.host)):
        raise BadSetting(
            "--pachd-keys: without --tls-cert tokens would be sent in the open; listen on"
            " 127.0.0.1, or say --plain-tokens if HTTPS ends in front of the gateway"
        )
