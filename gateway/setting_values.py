"""What one setting may be: its names, its type, its limits, and how a text becomes its value."""

from __future__ import annotations

import re
from dataclasses import Field
from typing import Any

from gateway.hosts import is_host_name
from gateway.sizes import shown, size_of

PREFIX = "S3GATEWAY_"
ANY = "*"
"""In a list of names: all there are."""

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9._\[\]:-]+")
_SIZES = re.compile(r"_bytes(_|$)")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false"}


class BadSetting(Exception):
    """A setting has a value that it cannot have; the message is one line for a person."""


def variable_of(one: Field[Any]) -> str:
    """The environment variable of a setting."""
    return PREFIX + option_of(one)[2:].replace("-", "_").upper()


def option_of(one: Field[Any]) -> str:
    """The command's option for a setting."""
    name: str = one.metadata.get("option", one.name)
    return "--" + name.replace("_", "-")


def kind_of(one: Field[Any]) -> type:
    """A setting's type."""
    kind: type = one.metadata.get("kind", type(one.default))
    return kind


def is_size(one: Field[Any]) -> bool:
    """Whether a setting counts bytes."""
    return bool(_SIZES.search(one.name))


def value_shown(one: Field[Any], value: Any) -> str:
    """A value as one may give it."""
    if is_size(one):
        return shown(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def range_of(one: Field[Any]) -> str:
    """What a number may be, in words; nothing where there are no limits."""
    limits = one.metadata
    if "maximum" in limits:
        return f"{value_shown(one, limits['minimum'])} to {value_shown(one, limits['maximum'])}"
    if "minimum" in limits:
        return f"at least {value_shown(one, limits['minimum'])}"
    return ""


def parsed(one: Field[Any], text: str) -> Any:
    """The value that a text means.

    Raises:
        ValueError: It is none of this setting's type; the message says so for a person.
    """
    kind = kind_of(one)
    if is_size(one):
        return size_of(text)
    if kind is tuple:
        return tuple(filter(None, (name.strip() for name in text.split(","))))
    try:
        return _BOOLEANS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise ValueError(f"{text!r} is not {_WORDS[kind]}") from None


def read(one: Field[Any], text: str) -> Any:
    """The value that an environment variable gives.

    Raises:
        BadSetting: It is none of this setting's type.
    """
    try:
        return parsed(one, text)
    except ValueError as error:
        raise BadSetting(f"{variable_of(one)}: {error}") from None


def written(value: Any) -> str:
    """A value as an environment variable gives it."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def check(one: Field[Any], value: Any) -> None:
    """See that a setting may have a value.

    Raises:
        BadSetting: It may not.
    """
    limits = one.metadata
    if value is None:
        return
    if "names" in limits:
        for name in value:
            _check_name(one, name)
        return
    if "choices" in limits and value not in limits["choices"]:
        raise BadSetting(f"{option_of(one)}: {value!r} is none of {', '.join(limits['choices'])}")
    # Said this way round, as no comparison with "not a number" holds.
    if not limits.get("minimum", value) <= value <= limits.get("maximum", _largest(value)):
        raise BadSetting(
            f"{option_of(one)}: {value_shown(one, value)} is out of range: {range_of(one)}"
        )


def _largest(value: Any) -> Any:
    """What a value without a maximum must not exceed: infinity is no number of seconds."""
    return 1e9 if isinstance(value, float) else value


def _check_name(one: Field[Any], name: str) -> None:
    if one.metadata["names"] == "host":
        if not is_host_name(name) and not (name == ANY and one.name == "allowed_host"):
            raise BadSetting(f"{option_of(one)}: {name!r} is not a name of a host, in lower case")
    elif name != ANY and not _ORIGIN.fullmatch(name):
        raise BadSetting(
            f"{option_of(one)}: {name!r} is not an origin, such as https://app.example"
        )
