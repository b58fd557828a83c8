"""The file of access keys: read at the start, and again when it changes."""

from __future__ import annotations

import logging
import re
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from gateway.identity import Identity
from gateway.settings import BadSetting
from handlers.access import ALL_BUCKETS, Access, BucketPattern
from s3_wire.signature_errors import ExpiredToken, InvalidAccessKeyId

log = logging.getLogger("s3gateway")

MIN_SECRET_CHARACTERS = 8

_CHECK_SECONDS = 2.0
_ACCESS_KEY = re.compile(r"[A-Za-z0-9_.-]{3,128}", re.ASCII)
_FIELDS = {"secret", "access", "buckets", "expires"}
_ACCESS = ("read", "write")
_OTHERS = 0o007


@dataclass(frozen=True, slots=True)
class Key:
    """One access key: its secret, who it stands for, what it may do, and until when."""

    secret: str = field(repr=False)
    identity: Identity
    access: Access
    expires: datetime | None = None

    @classmethod
    def read(cls, access_key: str, given: object) -> Self:
        """A key as the file has it.

        Raises:
            ValueError: It is not whole; the message says nothing of the secret.
        """
        if not _ACCESS_KEY.fullmatch(access_key):
            raise ValueError("the name of a key has 3 to 128 letters, digits, -, _ and .")
        if not isinstance(given, dict):
            raise ValueError(f"[keys.{access_key}] is missing: write it as a table")
        if unknown := sorted(given.keys() - _FIELDS):
            raise ValueError(f"[keys.{access_key}] has {unknown[0]}, which means nothing")
        secret = given.get("secret")
        if not isinstance(secret, str) or len(secret) < MIN_SECRET_CHARACTERS:
            raise ValueError(
                f"[keys.{access_key}] needs a secret of {MIN_SECRET_CHARACTERS} characters or more"
            )
        if given.get("access") not in _ACCESS:
            raise ValueError(f'[keys.{access_key}] needs access = "read" or "write"')
        buckets = _patterns(access_key, given.get("buckets", ["*"]))
        access = Access(may_write=given["access"] == "write", buckets=buckets)
        return cls(secret, Identity(access_key), access, _expires(access_key, given))

    def check_time(self, now: datetime) -> None:
        """See that the key is still valid.

        Raises:
            ExpiredToken: It is not.
        """
        if self.expires is not None and now >= self.expires:
            raise ExpiredToken(f"The access key was valid until {self.expires.isoformat()}.")


def _patterns(access_key: str, given: object) -> tuple[BucketPattern, ...] | None:
    """The patterns of a key; None where one of them is for all buckets, and none need be tried."""
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError(f"[keys.{access_key}] buckets is not a list of patterns")
    try:
        patterns = tuple(map(BucketPattern.read, given))
    except ValueError as error:
        raise ValueError(f"[keys.{access_key}] buckets: {error}") from None
    return None if ALL_BUCKETS in patterns else patterns


def _expires(access_key: str, given: Mapping[str, object]) -> datetime | None:
    time_ = given.get("expires")
    if time_ is None:
        return None
    if not isinstance(time_, datetime) or time_.tzinfo is None:
        raise ValueError(f"[keys.{access_key}] expires is not a time such as 2027-01-31T12:00:00Z")
    return time_


def read_keys(path: Path) -> Mapping[str, Key]:
    """All keys of a file.

    Raises:
        BadSetting: It cannot be read, others may read it, or it holds no keys.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise BadSetting(f"--access-keys {path}: others may read it; chmod o-rwx {path}")
        document: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        keys = document.get("keys")
        if not isinstance(keys, dict) or not keys or len(document) > 1:
            raise ValueError("it has to hold [keys.NAME] and nothing else")
        return {name: Key.read(name, given) for name, given in keys.items()}
    except OSError as error:
        raise BadSetting(f"--access-keys {path}: {error.strerror}") from None
    except UnicodeDecodeError:  # whose text would show what is in the file
        raise BadSetting(f"--access-keys {path}: it is not UTF-8") from None
    except ValueError as error:  # as is what TOML has wrong, which is said by line and column
        raise BadSetting(f"--access-keys {path}: {error}") from None


class KeyFile:
    """The keys of a file as it is now. One that cannot be used any more leaves the old ones.

    Args:
        path: The file.

    Raises:
        BadSetting: It cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp_of(path)
        self._keys = read_keys(path)
        self._look_again_at = time.monotonic() + _CHECK_SECONDS

    def find(self, access_key: str) -> Key:
        """A key.

        Raises:
            InvalidAccessKeyId: There is none of this name.
        """
        if time.monotonic() >= self._look_again_at:
            self._look_again()
        key = self._keys.get(access_key)
        if key is None:
            raise InvalidAccessKeyId(AWSAccessKeyId=access_key)
        return key

    def _look_again(self) -> None:
        self._look_again_at = time.monotonic() + _CHECK_SECONDS
        stamp = _stamp_of(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = read_keys(self._path)
            log.info("%s has changed: %d access keys", self._path, len(self._keys))
        except BadSetting as error:
            log.error("%s; the keys of before go on", error)


def _stamp_of(path: Path) -> object:
    """What changes with a file: Kubernetes exchanges what a secret's link leads to."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode
