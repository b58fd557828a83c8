"""What an operation declares to take, and how a request's parameters are held against it.

The rule (`docs/decisions/0001-routing-from-the-document.md`): required parameters select an
operation, and what the selected one does not declare is not implemented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from jsonschema import Draft4Validator

from gateway.contract.refusals import REFUSAL, refusal_by
from s3_wire.errors import InvalidArgument, InvalidRequest, NotImplemented, S3Error

Values: TypeAlias = Mapping[str, str]

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Check:
    """One declared parameter whose values are limited, and its type."""

    name: str
    read: Callable[[str], Any]
    validator: Draft4Validator
    allows_empty: bool
    possible: tuple[str, ...]
    message: str
    refusal: Callable[[str, str, str], S3Error]

    def value(self, text: str) -> Any:
        """The parameter's value in its type.

        Raises:
            InvalidArgument: It cannot have this value.
            InvalidRequest: The same, where S3 says that of this header.
            NotImplemented: S3 knows more values of this header than the contract declares.
        """
        try:
            value = self.read(text)
        except (ValueError, KeyError):
            raise self.refusal(self.message, self.name, text) from None
        if self.validator.is_valid(value):
            return value
        if self.possible:
            raise NotImplemented(
                f"{NotImplemented.message}: {self.name}: {text}."
                f" Only {' or '.join(self.possible)} is possible."
            )
        raise self.refusal(self.message, self.name, text)


@dataclass(slots=True)
class Declared:
    """The query parameters, or the headers, of one operation."""

    namespace: str
    names: set[str] = field(default_factory=set)
    prefixes: tuple[str, ...] = ()
    required: dict[str, frozenset[str] | None] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    operation_name: str = ""
    naming: str = ""
    apart_from: dict[str, str] = field(default_factory=dict)
    """Query parameters that cannot come with a header, and that header."""

    def add(self, parameter: Mapping[str, Any]) -> None:
        """Declare a parameter object of the document."""
        name = parameter["name"]
        if parameter["in"] == "header":
            name = name.lower()
        if name in self.names:
            return  # connexion repeats a path's parameters for each operation
        self.names.add(name)
        schema = parameter["schema"]
        if "x-s3-prefix" in parameter:
            self.prefixes += (parameter["x-s3-prefix"],)
        if parameter.get("x-s3-names-operation"):
            self.naming = name
        if "default" in schema:
            self.defaults[name] = schema["default"]
        if parameter.get("required"):
            values = schema.get("enum")
            self.required[name] = frozenset(map(str, values)) if values else None
        if name not in self.required or self.required[name] is None:
            self._limit(name, parameter)

    def _limit(self, name: str, parameter: Mapping[str, Any]) -> None:
        """Check the values of a parameter, if not every text will do, and what it comes with."""
        if "x-s3-not-with" in parameter:
            self.apart_from[name] = parameter["x-s3-not-with"]
        schema = parameter["schema"]
        if schema.keys() - {"type", "format", "default"} or schema["type"] != "string":
            self.checks[name] = self._check(name, parameter)

    def _check(self, name: str, parameter: Mapping[str, Any]) -> Check:
        schema = parameter["schema"]
        is_s3s = parameter["in"] == "header" and name.startswith(self.namespace)
        return Check(
            name,
            # minio-java names algorithms in lower case.
            str.upper if parameter.get("x-s3-any-case") else _READERS[schema["type"]],
            Draft4Validator(schema),
            parameter.get("allowEmptyValue", False),
            tuple(schema.get("enum", ())) if is_s3s and REFUSAL not in parameter else (),
            parameter.get("x-s3-message", InvalidArgument.message),
            refusal_by(parameter),
        )

    def selects(self, sent: Values) -> bool:
        """Whether all required parameters are there with allowed values, and none names another."""
        if self.naming and sent.get(self.naming, "") not in ("", self.operation_name):
            return False
        for name, allowed in self.required.items():
            if name not in sent or (allowed is not None and sent[name] not in allowed):
                return False
        return True

    def refuse_together(self, sent: Values, headers: Values) -> None:
        """See that no parameter comes with a header that contradicts it, whatever it says.

        Raises:
            InvalidRequest: One does.
        """
        for name, header in self.apart_from.items():
            if name in sent and header.lower() in headers:
                raise InvalidRequest(
                    f"Cannot specify both {header} header and {name} query parameter"
                )

    def undeclared(self, names: Iterable[str]) -> list[str]:
        """The names that are neither declared nor of a declared family."""
        return [n for n in names if n not in self.names and not n.startswith(self.prefixes)]

    def read(self, sent: Values) -> dict[str, Any]:
        """The declared parameters in their types.

        Raises:
            InvalidArgument: A value is none that the parameter can have.
            InvalidRequest: The same, where S3 says that of a header.
            NotImplemented: A header's value is one that S3 knows and the contract does not declare.
        """
        values = {**self.defaults, **sent} if self.defaults else dict(sent)
        for name, text in sent.items():
            check = self.checks.get(name)
            if check is None:
                continue
            if not text and check.allows_empty:
                values.pop(name)
                if name in self.defaults:
                    values[name] = self.defaults[name]
            else:
                values[name] = check.value(text)
        return values


def _integer(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20):
        raise ValueError
    return int(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "boolean": lambda text: _BOOLEANS[text.lower()],
}
