"""What becomes of blobs on a disk that fails."""

from __future__ import annotations

import os
from pathlib import Path


def remove(blob: Path) -> None:
    """It is gone."""
    blob.unlink()


def cut(blob: Path) -> None:
    """It ends early."""
    os.truncate(blob, 1000)


def flip(blob: Path) -> None:
    """One bit is another."""
    content = bytearray(blob.read_bytes())
    content[1234] ^= 1
    blob.write_bytes(content)
