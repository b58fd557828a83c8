"""The Pachyderm token that goes with every call: given once, or in a file that may change."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

from pfs_client.failures import PfsUnavailable

log = logging.getLogger("s3gateway")

_CHECK_SECONDS = 5.0
_SENDABLE = re.compile(r"[\x20-\x7e]*")


def cleaned(token: str) -> str:
    """A token without the white space that files and secrets tend to end with.

    Raises:
        ValueError: It holds what gRPC's metadata cannot; the message does not say what.
    """
    token = token.strip()
    if not _SENDABLE.fullmatch(token):
        raise ValueError("the token holds characters that no token has")
    return token


class Token:
    """What to send now. A file is read again now and then, so that tokens can be exchanged.

    A file that has gone is no reason to go on as the user that it named, or as nobody: calls are
    refused until it is back.

    Args:
        value: A token; empty for none.
        file: A file that holds one, in its place.
    """

    def __init__(self, value: str, file: Path | None) -> None:
        self._file = file
        self._value: str | None = cleaned(value)
        self._read_again_at = 0.0

    def read_again(self) -> None:
        """Have the next call look at the file, however short ago that was done."""
        self._read_again_at = 0.0

    def read(self) -> str:
        """The token; empty for none.

        Raises:
            PfsUnavailable: The file cannot be read, or holds no token.
        """
        if self._file is not None and time.monotonic() >= self._read_again_at:
            self._read_again_at = time.monotonic() + _CHECK_SECONDS
            self._value = _content_of(self._file)
        if self._value is None:
            raise PfsUnavailable("the token file cannot be read")
        return self._value


def _content_of(file: Path) -> str | None:
    try:
        token = cleaned(file.read_text("utf-8"))
    except OSError as error:
        log.error("the token file %s cannot be read: %s", file, error.strerror)
        return None
    except ValueError:  # which a UnicodeDecodeError is, whose text would show what is in the file
        log.error("the token file %s holds no token", file)
        return None
    if not token:
        log.error("the token file %s is empty", file)
    return token or None
