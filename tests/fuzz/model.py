"""S3 over PFS as a dictionary: what each request must answer, and what there is afterwards."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from tests.fuzz.listing_model import Page, list_page

MAX_KEY_BYTES = 1024

BucketId: TypeAlias = tuple[str, str]
"""A repo and a branch of it."""

_FORBIDDEN = set("*?[]{}!()@+^\\")


@dataclass(frozen=True)
class Content:
    """An object's bytes, which are all the same."""

    size_bytes: int
    fill: str = "x"

    @property
    def bytes(self) -> bytes:
        return self.fill.encode() * self.size_bytes


EMPTY = Content(0)


@dataclass(frozen=True)
class Outcome:
    """What a request answers: a status, an error's code, and the content that it is about."""

    status: int
    code: str = ""
    content: Content | None = None


NO_BUCKET = Outcome(404, "NoSuchBucket")
NO_KEY = Outcome(404, "NoSuchKey")
BAD_PATH = Outcome(400, "InvalidFilePath")
FAILED = Outcome(412, "PreconditionFailed")
NOT_IMPLEMENTED = Outcome(501, "NotImplemented")


def bucket_id(name: str) -> BucketId:
    """The branch that a bucket name means, in the project that there is."""
    parts = name.split(".")
    return (parts[0], "master") if len(parts) == 1 else (parts[1], parts[0])


def bucket_name(bucket: BucketId) -> str:
    """Its name in a listing."""
    return f"{bucket[1]}.{bucket[0]}"


def is_holdable(key: str) -> bool:
    """Whether PFS can hold a key; a slash at its end makes it a marker only."""
    path = key.removesuffix("/")
    return all(" " <= c <= "~" and c not in _FORBIDDEN for c in path) and not any(
        part in ("", ".", "..") for part in path.split("/")
    )


def long_key(key: str) -> Outcome | None:
    """The refusal of a key that is longer than S3's may be."""
    return Outcome(400, "KeyTooLongError") if len(key.encode()) > MAX_KEY_BYTES else None


@dataclass(frozen=True)
class Condition:
    """What a write or a read demands: the contents whose ETags its header lists, or `*`."""

    header: str
    contents: tuple[Content, ...] | None = None

    def matches(self, content: Content | None) -> bool:
        """Whether an object of this content has one of the ETags."""
        return content is not None and (self.contents is None or content in self.contents)


@dataclass
class Model:
    """All buckets and what is in them."""

    buckets: dict[BucketId, dict[str, Content]] = field(default_factory=dict)

    def copy(self) -> Self:
        return copy.deepcopy(self)

    def frozen(self) -> frozenset[tuple[BucketId, frozenset[tuple[str, Content]]]]:
        """The state as a value."""
        return frozenset((b, frozenset(objects.items())) for b, objects in self.buckets.items())

    def create_bucket(self, bucket: BucketId) -> Outcome:
        if bucket in self.buckets:
            return Outcome(409, "BucketAlreadyOwnedByYou")
        self.buckets[bucket] = {}
        return Outcome(200)

    def delete_bucket(self, bucket: BucketId) -> Outcome:
        if bucket not in self.buckets:
            return NO_BUCKET
        if self.buckets[bucket]:
            return Outcome(409, "BucketNotEmpty")
        del self.buckets[bucket]
        return Outcome(204)

    def find_bucket(self, bucket: BucketId) -> Outcome:
        return Outcome(200) if bucket in self.buckets else NO_BUCKET

    def put(
        self, bucket: BucketId, key: str, content: Content, condition: Condition | None = None
    ) -> Outcome:
        if refused := long_key(key) or (None if is_holdable(key) else BAD_PATH):
            return refused
        if condition and (key.endswith("/") or _is_never_taken(condition)):
            return NOT_IMPLEMENTED
        objects = self.buckets.get(bucket)
        if objects is None:
            return NO_BUCKET
        if key.endswith("/"):
            return BAD_PATH if content.size_bytes else Outcome(200, content=EMPTY)
        if failed := _failed_write(condition, objects.get(key)):
            return failed
        if any(_collide(key, other) for other in objects):
            return BAD_PATH
        objects[key] = content
        return Outcome(200, content=content)

    def copy_object(
        self,
        source: tuple[BucketId, str],
        target: tuple[BucketId, str],
        condition: Condition | None,
        *,
        is_replacing: bool,
    ) -> Outcome:
        bucket, key = target
        if refused := long_key(key) or (None if is_holdable(key) else BAD_PATH):
            return refused
        if condition and (key.endswith("/") or _is_never_taken(condition)):
            return NOT_IMPLEMENTED
        if source == target and not is_replacing:
            return Outcome(400, "InvalidRequest")
        if bucket not in self.buckets:
            return NO_BUCKET
        found = self.get(*source)
        if found.content is None:
            return found
        return self.put(bucket, key, found.content, condition)

    def delete(self, bucket: BucketId, key: str, condition: Condition | None = None) -> Outcome:
        objects = self.buckets.get(bucket)
        if objects is None:
            return NO_BUCKET
        if refused := long_key(key):
            return refused
        if condition and key.endswith("/"):
            return NOT_IMPLEMENTED
        if failed := _failed_write(condition, objects.get(key)):
            return failed
        objects.pop(key, None)
        return Outcome(204)

    def delete_many(
        self, bucket: BucketId, named: Iterable[tuple[str, Condition | None]]
    ) -> Outcome | list[Outcome]:
        """An outcome for each object that the request names, or one for the request."""
        if bucket not in self.buckets:
            return NO_BUCKET
        return [self.delete(bucket, key, condition) for key, condition in named]

    def get(
        self, bucket: BucketId, key: str, conditions: Mapping[str, Condition] | None = None
    ) -> Outcome:
        objects = self.buckets.get(bucket)
        if objects is None:
            return NO_BUCKET
        if refused := long_key(key):
            return refused
        content = objects.get(key)
        if key.endswith("/") and any(other.startswith(key) for other in objects):
            content = EMPTY
        return NO_KEY if content is None else _read(content, conditions or {})

    def list_objects(
        self, bucket: BucketId, *, prefix: str, delimiter: str, after: str, max_keys: int
    ) -> Page | Outcome:
        if bucket not in self.buckets:
            return NO_BUCKET
        return list_page(
            self.buckets[bucket], prefix=prefix, delimiter=delimiter, after=after, max_keys=max_keys
        )

    def list_buckets(self, prefix: str) -> list[str]:
        names = sorted(map(bucket_name, self.buckets))
        return [name for name in names if name.startswith(prefix)]


def _is_never_taken(condition: Condition) -> bool:
    """Forms that S3 knows on reads and deletes only."""
    return (condition.header == "If-None-Match") != (condition.contents is None)


def _failed_write(condition: Condition | None, content: Content | None) -> Outcome | None:
    if condition is None:
        return None
    if condition.header == "If-None-Match":
        return FAILED if content is not None else None
    if content is None:
        return NO_KEY
    return None if condition.matches(content) else FAILED


def _read(content: Content, conditions: Mapping[str, Condition]) -> Outcome:
    match, none_match = conditions.get("If-Match"), conditions.get("If-None-Match")
    if match and not match.matches(content):
        return FAILED
    return Outcome(304 if none_match and none_match.matches(content) else 200, content=content)


def _collide(key: str, other: str) -> bool:
    """Whether one would be a directory of the other."""
    return other.startswith(key + "/") or key.startswith(other + "/")


_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def in_range(content: bytes, header: str) -> tuple[int, bytes]:
    """The status and the bytes that a read with a `Range` answers."""
    match = _RANGE.fullmatch(header)
    first, last = match.groups() if match else ("", "")
    if (not first and not last) or (first and last and int(last) < int(first)):
        return 200, content
    if first:
        part = content[int(first) : int(last) + 1 if last else None]
    elif int(last) and not content:
        return 200, content
    else:
        part = content[-int(last) :] if int(last) else b""
    return (206, part) if part else (416, b"")
