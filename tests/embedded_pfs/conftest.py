from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_pfs.directory import DataDirectory


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    """A data directory that is new."""
    opened = DataDirectory(tmp_path, synchronous="off")
    yield opened
    opened.close()
