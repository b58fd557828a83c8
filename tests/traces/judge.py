"""What must come of a request, from the contract's document and from what is stored.

Reads `spec/s3.yaml` by itself and shares no code with the gateway, so that the two can disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, unquote_plus
from xml.etree import ElementTree

import yaml
from jsonschema import Draft4Validator

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "spec" / "s3.yaml").read_text()
)

Buckets: TypeAlias = Mapping[str, Mapping[str, bytes]]
"""What is stored: the objects of each bucket, by key."""

Failure: TypeAlias = tuple[int, str]
"""Status and S3 code."""


@dataclass(frozen=True)
class Ask:
    """A request, as far as its outcome depends on it."""

    method: str
    target: str
    headers: Mapping[str, str]
    payload: bytes | None = None

    @property
    def _address(self) -> tuple[str, str]:
        bucket, _, key = self.target.partition("?")[0].removeprefix("/").partition("/")
        return unquote(bucket), unquote(key)

    @property
    def bucket(self) -> str:
        return self._address[0]

    @property
    def key(self) -> str:
        return self._address[1]

    @property
    def query(self) -> dict[str, str]:
        pairs = [item.partition("=") for item in self.target.partition("?")[2].split("&")]
        return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs if name}


@dataclass(frozen=True)
class Verdict:
    """Either the status of success, or the failures of which any one may be told."""

    operation: str
    status: int = 0
    failures: frozenset[Failure] = frozenset()
    content: bytes | None = None
    after: Buckets = field(default_factory=dict)


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


@dataclass(frozen=True)
class Operation:
    """One stanza of the document."""

    name: str
    method: str
    shape: str
    parameters: tuple[dict[str, Any], ...]
    responses: Mapping[str, Any]

    def is_asked_for(self, ask: Ask) -> bool:
        if (self.method, self.shape) != (ask.method, _shape(ask)):
            return False
        for parameter in self.parameters:
            value = _sent(ask, parameter)
            if parameter.get("x-s3-names-operation") and value not in (None, "", self.name):
                return False
            if not parameter.get("required") or parameter["in"] == "path":
                continue
            allowed = parameter["schema"].get("enum")
            if value is None or (allowed and value not in map(str, allowed)):
                return False
        return True

    def declares(self, where: str, name: str) -> bool:
        for parameter in self.parameters:
            if parameter["in"] != where:
                continue
            declared, prefix = parameter["name"], parameter.get("x-s3-prefix")
            if where == "header":
                declared, prefix = declared.lower(), prefix and prefix.lower()
            if name == declared or (prefix and name.startswith(prefix)):
                return True
        return False


def _operations() -> Iterator[Operation]:
    for path, item in DOCUMENT["paths"].items():
        for method, stanza in item.items():
            if method != "parameters":
                parameters = [*item.get("parameters", []), *stanza.get("parameters", [])]
                yield Operation(
                    stanza["x-s3-operation"],
                    method.upper(),
                    path.partition("#")[0],
                    tuple(map(resolved, parameters)),
                    stanza["responses"],
                )


OPERATIONS = tuple(_operations())


def keys_to_delete(document: bytes) -> list[str]:
    """The keys that a Delete names."""
    root = ElementTree.fromstring(document)  # noqa: S314 - from our own files
    return [node.text or "" for node in root.findall("{*}Object/{*}Key")]


def _shape(ask: Ask) -> str:
    return "/{bucket}/{key}" if ask.key else "/{bucket}" if ask.bucket else "/"


def _sent(ask: Ask, parameter: Mapping[str, Any]) -> str | None:
    if parameter["in"] == "query":
        return ask.query.get(parameter["name"])
    return ask.headers.get(parameter["name"].lower())


def operation_of(ask: Ask) -> Operation | None:
    """The operation that the document's rule selects, if it declares all that was sent."""
    found = [operation for operation in OPERATIONS if operation.is_asked_for(ask)]
    if not found:
        return None
    operation = max(found, key=lambda one: sum(p.get("required", False) for p in one.parameters))
    namespace = DOCUMENT["x-s3-header-namespace"]
    undeclared = {name.lower() for name in ask.query if not operation.declares("query", name)}
    # What an SDK moves into the query of a presigned URL counts as the header that it is.
    headers = {name for name in {*ask.headers, *undeclared} if name.startswith(namespace)}
    declared = all(operation.declares("header", name) for name in headers)
    return operation if declared and undeclared <= headers else None


NOT_IMPLEMENTED: Failure = (501, "NotImplemented")


WRITES = ("PutObject", "DeleteObject", "DeleteObjects")


def judge(ask: Ask, buckets: Buckets, outputs: frozenset[str] = frozenset()) -> Verdict:
    """What the contract says of a request to a gateway that stores this.

    Args:
        ask: The request.
        buckets: What is stored.
        outputs: The buckets that are output branches.
    """
    operation = operation_of(ask)
    if operation is None:
        return Verdict("", failures=frozenset([NOT_IMPLEMENTED]), after=buckets)
    failures = {
        *_of_values(operation, ask),
        *_of_names(operation, ask),
        *_of_state(operation, ask, buckets),
    }
    if operation.name in WRITES and ask.bucket in outputs:
        failures.add((500, "WriteToOutputBranch"))
    if NOT_IMPLEMENTED in failures:
        failures = {NOT_IMPLEMENTED}
    if failures:
        return Verdict(operation.name, failures=frozenset(failures), after=buckets)
    return _success(operation, ask, buckets)


def _of_values(operation: Operation, ask: Ask) -> Iterator[Failure]:
    for parameter in operation.parameters:
        value = _sent(ask, parameter)
        if value is None or (not value and parameter.get("allowEmptyValue")):
            continue
        schema = parameter["schema"]
        typed: Any = int(value) if schema["type"] == "integer" else value
        if schema["type"] == "boolean":
            typed = value.lower() == "true"
        if not Draft4Validator(schema).is_valid(typed):
            of_s3 = parameter["in"] == "header" and "enum" in schema
            yield NOT_IMPLEMENTED if of_s3 else (400, "InvalidArgument")
        if parameter["name"] == "continuation-token":
            yield 400, "InvalidArgument"  # every recorded one was another server's


def _of_names(operation: Operation, ask: Ask) -> Iterator[Failure]:
    names = ask.bucket.split(".")
    if ask.bucket and not (
        len(names) <= 3 and all(re.fullmatch(r"[A-Za-z0-9_-]+", n) for n in names)
    ):
        yield 400, "InvalidBucketName"
    if operation.name == "PutObject" and not is_holdable(ask.key.removesuffix("/")):
        yield 400, "InvalidFilePath"


def is_holdable(key: str) -> bool:
    """Whether PFS can hold a key, in the words of the document's parameter `key`."""
    if not re.fullmatch(r"[\x20-\x7e]+", key) or re.search(r"[*?\[\]{}!()@+^\\]", key):
        return False
    return all(part not in ("", ".", "..") for part in key.split("/"))


def _of_state(operation: Operation, ask: Ask, buckets: Buckets) -> Iterator[Failure]:
    exists = ask.bucket in buckets
    if operation.name == "CreateBucket":
        if exists:
            yield 409, "BucketAlreadyOwnedByYou"
    elif ask.bucket and not exists:
        yield 404, "NoSuchBucket"
    elif operation.name == "DeleteBucket" and buckets[ask.bucket]:
        yield 409, "BucketNotEmpty"
    if operation.name in ("PutObject", "DeleteObjects") and ask.payload is None:
        yield 411, "MissingContentLength"
    yield from _of_condition(operation, ask, buckets)
    if operation.name in ("GetObject", "HeadObject"):
        yield from _of_reading(ask, buckets.get(ask.bucket, {}))


def _of_condition(operation: Operation, ask: Ask, buckets: Buckets) -> Iterator[Failure]:
    stored = ask.key in buckets.get(ask.bucket, {})
    # Every recorded ETag was another server's, so that none of ours is it.
    if "if-match" in ask.headers:
        yield (412, "PreconditionFailed") if stored else (404, "NoSuchKey")
    none_match = ask.headers.get("if-none-match")
    if operation.name == "PutObject" and none_match is not None:
        if none_match != "*":
            yield NOT_IMPLEMENTED
        elif stored:
            yield 412, "PreconditionFailed"


def _of_reading(ask: Ask, objects: Mapping[str, bytes]) -> Iterator[Failure]:
    content = _seen(ask.key, objects)
    if content is None:
        yield 404, "NoSuchKey"
    elif "range" in ask.headers and _span(ask, content) == ():
        yield 416, "InvalidRange"


def _seen(key: str, objects: Mapping[str, bytes]) -> bytes | None:
    """An object's content; of a directory marker none, while something stands below it."""
    if key.endswith("/"):
        return b"" if any(other.startswith(key) for other in objects) else None
    return objects.get(key)


def _span(ask: Ask, content: bytes) -> tuple[int, int] | tuple[()] | None:
    """First and last byte of the range; none of either where it lies outside."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", ask.headers["range"])
    if not asked:
        return None
    first = int(asked[1]) if asked[1] else max(len(content) - int(asked[2]), 0)
    last = int(asked[2]) if asked[1] and asked[2] else len(content) - 1
    return (first, min(last, len(content) - 1)) if first < len(content) else ()


def _success(operation: Operation, ask: Ask, buckets: Buckets) -> Verdict:
    name, objects = operation.name, dict(buckets.get(ask.bucket, {}))
    after = dict(buckets)
    if name == "DeleteBucket":
        del after[ask.bucket]
        return Verdict(name, 204, after=after)
    if name in ("GetObject", "HeadObject"):
        content = _seen(ask.key, objects) or b""
        span = _span(ask, content) if "range" in ask.headers else None
        part = content[span[0] : span[1] + 1] if span else content
        return Verdict(name, 206 if span else 200, content=part, after=after)
    if name == "PutObject" and not ask.key.endswith("/"):
        objects[ask.key] = ask.payload or b""
    if name == "DeleteObject":
        objects.pop(ask.key, None)
    if name == "DeleteObjects":
        for key in keys_to_delete(ask.payload or b""):
            objects.pop(key, None)
    if ask.bucket:
        after[ask.bucket] = objects
    return Verdict(name, 204 if name == "DeleteObject" else 200, after=after)
