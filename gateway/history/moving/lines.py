"""Files of JSON lines that say at their end whether they are whole.

The last line has the SHA-256 of all lines before it. A file without it was cut off while it was
written, and one whose sum is another was changed since.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.history.places import HistoryRefused

_SUM = "sha256_of_lines"


class Damaged(HistoryRefused):
    """A file is not what was written. The message names it."""


def read_whole(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file, one at a time, without the last. Nothing is known before the end.

    Raises:
        Damaged: It is cut off, or was changed.
        FileNotFoundError: There is none.
    """
    sum_ = hashlib.sha256()
    with path.open("rb") as file:
        for line in file:
            fields = _fields(path, line)
            if _SUM in fields:
                if fields[_SUM] != sum_.hexdigest() or file.read(1):
                    break
                return
            sum_.update(line)
            yield fields
    raise Damaged(f"{path} is damaged or cut off")


def is_whole(path: Path) -> bool:
    """Whether a file is there, as it was written to its end."""
    try:
        for _ in read_whole(path):
            pass
    except (Damaged, FileNotFoundError):
        return False
    return True


class LinesWriter:
    """A file that is written line by line, and goes on behind the lines that it has.

    A last line that was cut off is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sum = hashlib.sha256()
        self.count = 0
        """How many lines there are."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        self._find_end()

    def write(self, lines: Iterable[dict[str, Any]]) -> None:
        """Append lines. They are there to stay after `sync`."""
        for fields in lines:
            line = _line(fields)
            self._file.write(line)
            self._took(line)

    def sync(self) -> None:
        """Wait until the lines are on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def end(self, path: Path) -> None:
        """Write the sum, and give the file its name, if that is another."""
        self._file.write(_line({_SUM: self._sum.hexdigest()}))
        self.sync()
        if path != self._path:
            os.replace(self._path, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def _find_end(self) -> None:
        whole = 0
        for line in self._file:
            try:
                fields = _fields(self._path, line)
            except Damaged:
                break
            if _SUM in fields:
                break
            whole += len(line)
            self._took(line)
        self._file.seek(whole)
        self._file.truncate()

    def _took(self, line: bytes) -> None:
        self._sum.update(line)
        self.count += 1


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _fields(path: Path, line: bytes) -> dict[str, Any]:
    try:
        if line.endswith(b"\n") and isinstance(fields := json.loads(line), dict):
            return fields
    except ValueError:
        pass
    raise Damaged(f"{path} is damaged or cut off")
