"""By which error an invalid value is refused: `x-s3-refusal`, where it is not `InvalidArgument`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from s3_wire.errors import InvalidArgument, InvalidRequest, S3Error

REFUSAL = "x-s3-refusal"

_REFUSALS: Mapping[str, Callable[[str, str, str], S3Error]] = {
    "InvalidArgument": lambda message, name, text: InvalidArgument(
        message, ArgumentName=name, ArgumentValue=text
    ),
    "InvalidRequest": lambda message, name, text: InvalidRequest(message),
}
_DEFAULT = "InvalidArgument"


class UnknownRefusal(ValueError):
    """A value is to be refused by an error that is not for that; the message names both."""


def refusal_by(parameter: Mapping[str, Any]) -> Callable[[str, str, str], S3Error]:
    """What makes the error of a parameter: from its message, the parameter's name and its value.

    Raises:
        UnknownRefusal: `x-s3-refusal` names no error that there is for this.
    """
    code = parameter.get(REFUSAL, _DEFAULT)
    if code not in _REFUSALS:
        raise UnknownRefusal(
            f"{REFUSAL} of the parameter {parameter.get('name')} is {code!r}; it can be"
            f" {' or '.join(_REFUSALS)}"
        )
    return _REFUSALS[code]


def check_refusals(document: Mapping[str, Any]) -> None:
    """See that the whole contract names only errors that there are.

    Raises:
        UnknownRefusal: It does not.
    """
    for parameter in _refusing(document):
        refusal_by(parameter)


def _refusing(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if REFUSAL in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _refusing(child)
