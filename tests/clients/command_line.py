"""Clients that are commands: run one, and take what it says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.clients.client import Client

COMMAND_SECONDS = 60

_CODES = re.compile(
    "NotImplemented|InvalidFilePath|NoSuchBucket|NoSuchKey|BucketNotEmpty|BucketAlreadyOwnedByYou"
    "|PreconditionFailed"
)
_WORDS = {
    "functionality that is not implemented": "NotImplemented",
    "PFS cannot hold this key": "InvalidFilePath",
    "you already own it": "BucketAlreadyOwnedByYou",
    "(404)": "404",
}
"""What some commands show of an error without its code."""


class CommandFailed(Exception):
    """A command ended with a status; the message is what it printed."""


def output(command: Sequence[str | Path], content: bytes = b"") -> bytes:
    """What a command prints on its standard output.

    Args:
        command: The program and its arguments.
        content: What comes from its standard input.

    Raises:
        CommandFailed: It failed.
    """
    done = subprocess.run(
        command, input=content, capture_output=True, timeout=COMMAND_SECONDS, check=False
    )
    if done.returncode:
        said = (done.stderr + done.stdout).decode(errors="replace")
        raise CommandFailed(f"{said.strip()} (status {done.returncode})")
    return done.stdout


def all_output(command: Sequence[str | Path]) -> str:
    """What a command says, on either output, if it does not fail."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    if done.returncode:
        raise CommandFailed(f"{said.strip()} (status {done.returncode})")
    return said


def code_of(error: Exception) -> str:
    """The S3 error code in what a command said; without one it is merely refused."""
    said = str(error)
    if found := _CODES.search(said):
        return found[0]
    return next((code for words, code in _WORDS.items() if words in said), "refused")


class CommandLine(Client):
    """A client that is a command.

    Args:
        folder: For files on their way.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "file"
        self._said = ""
        """What the last sync said."""

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self._file.write_bytes(content)
        self.upload(self._file, bucket, key)

    def synced(self) -> str:
        return self._said
