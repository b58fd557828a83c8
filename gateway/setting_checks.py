"""What values a setting can have, by what its field says of it."""

from __future__ import annotations

import re
from dataclasses import Field
from typing import Any

from gateway.hosts import is_host_name

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


def _check_name(one: Field[Any], option: str, name: str) -> None:
    if one.metadata["names"] == "host":
        if not is_host_name(name) and not (name == ANY and one.name == "allowed_host"):
            raise BadSetting(f"{option}: {name!r} is no name of a host, in lower case")
    elif name != ANY and not _ORIGIN.fullmatch(name):
        raise BadSetting(f"{option}: {name!r} is no origin, such as https://app.example")
