"""What values a setting can have, by what its field says of it."""

from __future__ import annotations

import re
from dataclasses import Field
from typing import Any

from gateway.hosts import is_host_name, is_loopback

ANY = "*"
"""In a list of names: all there are."""

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9._\[\]:-]+")


class BadSetting(Exception):
    """A setting has a value that it cannot have; the message is one line for a person."""


def check(one: Field[Any], option: str, value: Any) -> None:
    """See that a setting can have this value.

    Raises:
        BadSetting: It cannot.
    """
    limits = one.metadata
    if value is None:
        return
    if "names" in limits:
        for name in value:
            _check_name(one, option, name)
        return
    if "choices" in limits and value not in limits["choices"]:
        raise BadSetting(f"{option}: {value!r} is none of {', '.join(limits['choices'])}")
    if value < limits.get("minimum", value) or value > limits.get("maximum", value):
        raise BadSetting(f"{option}: {value} is out of range")


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


def _check_name(one: Field[Any], option: str, name: str) -> None:
    if one.metadata["names"] == "host":
        if not is_host_name(name) and not (name == ANY and one.name == "allowed_host"):
            raise BadSetting(f"{option}: {name!r} is no name of a host, in lower case")
    elif name != ANY and not _ORIGIN.fullmatch(name):
        raise BadSetting(f"{option}: {name!r} is no origin, such as https://app.example")
