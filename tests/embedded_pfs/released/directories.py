"""Directories that released versions wrote, unpacked as they were."""

from __future__ import annotations

import sqlite3
import tarfile
from pathlib import Path

RELEASED = Path(__file__).parent
VERSIONS = sorted(int(file.name[7:-7]) for file in RELEASED.glob("schema-*.tar.gz"))


def unpacked(tmp_path: Path, version: int) -> Path:
    with tarfile.open(RELEASED / f"schema-{version}.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    directory = tmp_path / "pfs"
    (directory / "staging").mkdir(exist_ok=True)
    assert version_of(directory) == version
    return directory


def version_of(directory: Path) -> int:
    connection = sqlite3.connect(directory / "pfs.sqlite")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)
